_base_ = 'circle_one.py'

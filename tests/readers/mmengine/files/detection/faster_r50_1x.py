_base_ = [
    '../_base_/models/two_stage.py', '../_base_/datasets/boxes.py',
    '../_base_/schedules/one_x.py', '../_base_/runtime.py'
]

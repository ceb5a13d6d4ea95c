"""Reading detectron2."""

"""The table's rows of clients that run in two processes."""

from client_table import Cells

CELLS: Cells = {
    "DistributedDataParallel": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "FSDP2 with DCP": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "ZeroRedundancyOptimizer": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "PostLocalSGDOptimizer": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": {
            "note": "native writes into groups that the optimizer no longer has once its state is loaded",
            "native": [0, 1, 2, 3, 4, 4, 4, 4],
        },
        "scheduler first": {
            "note": "native writes into groups that the optimizer no longer has once its state is loaded",
            "native": [0, 1, 2, 3, 4, 4, 4, 4],
        },
        "end": "right",
    },
    "Accelerate, 2 processes": {
        "fresh": {"note": "native counts each update once for each process", "native": [0, 2, 4, 6, 8, 10, 12, 14]},
        "accumulate": {"note": "native counts each update once for each process", "native": [0, 2, 4, 6, 8, 10]},
        "skip": {"note": "native counts each update once for each process", "native": [0, 2, 4, 6, 8, 10]},
        "groups": {"note": "native counts each update once for each process", "native": [0, 2, 4, 6, 8, 10, 12, 14]},
        "tensor rate": {
            "note": "native counts each update once for each process",
            "native": [0, 2, 4, 6, 8, 10, 12, 14],
        },
        "optimizer first": {
            "note": "native counts each update once for each process",
            "native": [0, 2, 4, 6, 8, 10, 12, 14],
        },
        "scheduler first": {"none": "Accelerate loads the optimizer's state first"},
        "end": {
            "note": "native counts each update once for each process",
            "native": [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22],
        },
    },
}

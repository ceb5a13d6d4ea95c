"""The formulas of vision: classifiers, detectors, generators; as their sources write them."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

from recipes.sources import Exact, cos_pi, dec, exact, exp, half_cosine, log, recipe, sin_pi, sqrt


@recipe("imagenet_hour", kinks=[784, 30 * 157, 60 * 157, 80 * 157], last=90 * 157 - 1)
def imagenet_hour(update: int) -> Exact:
    """github.com/horovod/horovod, examples/pytorch/pytorch_imagenet_resnet50.py, adjust_learning_rate."""
    base_lr, size, warmup_epochs, batches = dec("0.0125"), 256, 5, 157
    epoch, batch_idx = divmod(update, batches)
    if epoch < warmup_epochs:
        e = epoch + Fraction(batch_idx + 1, batches)
        lr_adj = Fraction(1, size) * (e * (size - 1) / warmup_epochs + 1)
    else:
        lr_adj = dec("1" if epoch < 30 else "1e-1" if epoch < 60 else "1e-2" if epoch < 80 else "1e-3")
    return base_lr * size * lr_adj


@recipe("efficientnet", kinks=[1502, 3003, 3127, 4505, 150_137], last=218_948)
def efficientnet(global_step: int) -> Exact:
    """github.com/tensorflow/tpu, models/official/efficientnet/utils.py, build_learning_rate."""
    initial_lr, steps_per_epoch = dec("0.016") * 2048 / 256, Fraction(1281167, 2048)
    warmup_steps = int(5 * steps_per_epoch)
    if global_step < warmup_steps:
        return initial_lr * global_step / warmup_steps
    return initial_lr * dec("0.97") ** (global_step // (steps_per_epoch * dec("2.4")))


def timm_cosine(t: int, warmup_t: int, t_initial: int, *, warmup_prefix: bool) -> Exact:
    """timm's CosineLRScheduler with the rates of a batch of 1024, before the end of its only cycle."""
    lr, lr_min, warmup_lr_init = dec("1e-3"), dec("1e-5"), dec("1e-6")
    if t < warmup_t:
        return warmup_lr_init + t * (lr - warmup_lr_init) / warmup_t
    return half_cosine(lr, lr_min, Fraction(t - warmup_t if warmup_prefix else t, t_initial))


@recipe("deit", kinks=[1251 * epoch for epoch in (1, 2, 5, 6, 7, 150, 299)], last=300 * 1251 - 1)
def deit(update: int) -> Exact:
    """github.com/facebookresearch/deit, main.py: lr_scheduler.step(epoch) after the epoch; timm's CosineLRScheduler."""
    epoch = update // 1251
    return timm_cosine(max(epoch - 1, 0), 5, 300, warmup_prefix=False)


@recipe("swin", kinks=[20 * 1251], last=300 * 1251 - 1)
def swin(update: int) -> Exact:
    """github.com/microsoft/Swin-Transformer, main.py (step_update after the update) and lr_scheduler.py."""
    num_steps, warmup_steps = 300 * 1251, 20 * 1251
    return timm_cosine(max(update - 1, 0), warmup_steps, num_steps - warmup_steps, warmup_prefix=True)


@recipe("mae", kinks=[40 * 312], last=800 * 312)
def mae(update: int) -> Exact:
    """github.com/facebookresearch/mae, util/lr_sched.py, adjust_learning_rate."""
    lr, epoch = dec("1.5e-4") * 4096 / 256, Fraction(update, 312)
    if epoch < 40:
        return lr * epoch / 40
    return half_cosine(lr, 0, (epoch - 40) / (800 - 40))


def dino_scheduler(it: int, base_value: Fraction, final_value: Fraction, warmup_iters: int) -> Exact:
    """github.com/facebookresearch/dino, utils.py, cosine_scheduler: its item `it`, for 100 epochs."""
    if it < warmup_iters:
        return base_value * it / (warmup_iters - 1)  # np.linspace(0, base_value, warmup_iters)
    iters = 100 * 2502 - warmup_iters
    return half_cosine(base_value, final_value, Fraction(it - warmup_iters, iters))


@recipe("dino", kinks=[25_019, 25_020], last=100 * 2502 - 1)
def dino(it: int) -> Exact:
    """The learning rate."""
    return dino_scheduler(it, dec("0.0005") * 512 / 256, dec("1e-6"), 10 * 2502)


@recipe("dino", of="weight_decay", last=100 * 2502 - 1)
def dino_weight_decay(it: int) -> Exact:
    """The weight decay, without a warmup."""
    return dino_scheduler(it, dec("0.04"), dec("0.4"), 0)


@recipe("clip", kinks=[1999, 2000], last=390_625)
def clip(step: int) -> Exact:
    """github.com/mlfoundations/open_clip, src/training/scheduler.py, cosine_lr."""
    base_lr, warmup_length, steps = dec("5e-4"), 2000, 400_000_000 * 32 // 32_768
    if step < warmup_length:
        return base_lr * (step + 1) / warmup_length
    return (1 + cos_pi(Fraction(step - warmup_length, steps - warmup_length))) / 2 * exact(base_lr)


@recipe("vit_g", kinks=[10_000, 950_000], last=1_000_000)
def vit_g(step: int) -> Exact:
    """github.com/google-research/big_vision, big_vision/utils.py, create_learning_rate_schedule, decay_type rsqrt."""
    base, timescale, warmup_steps, cooldown_steps, total_steps = dec("8e-4"), 10_000, 10_000, 50_000, 1_000_000
    shift = 0
    late = step + shift - warmup_steps if warmup_steps <= step else shift
    lr = exact(base) / sqrt(1 + Fraction(late, timescale))
    lr = lr * exact(min(Fraction(1), Fraction(step, warmup_steps)))
    return lr * exact(min(Fraction(1), Fraction(total_steps - step, cooldown_steps)))


@recipe("cifar10_fast", kinks=[5 * 97 - 1], last=24 * 97 - 1)
def cifar10_fast(update: int) -> Exact:
    """github.com/davidcpage/cifar10-fast, dawn.py and torch_backend.py: np.interp between the knots."""
    step_number = update + 1
    epoch = Fraction(step_number, 97)
    lr = dec("0.4") * epoch / 5 if epoch < 5 else dec("0.4") * (24 - epoch) / (24 - 5)
    return lr / 512


@recipe("cifar10_fast", of="momentum", last=24 * 97)
def cifar10_fast_momentum(_update: int) -> Exact:
    """Const(0.9)."""
    return dec("0.9")


@recipe("cifar10_fast", of="weight_decay", last=24 * 97)
def cifar10_fast_weight_decay(_update: int) -> Exact:
    """Const(5e-4 * batch_size)."""
    return dec("5e-4") * 512


@recipe("swa", kinks=[391 * epoch for epoch in (1, 80, 81, 82, 144, 145, 146, 161)], last=300 * 391 - 1)
def swa(update: int) -> Exact:
    """github.com/timgaripov/swa, train.py, schedule."""
    lr_init, swa_lr, swa_start, epoch = dec("0.05"), dec("0.01"), 161, update // 391
    t, lr_ratio = Fraction(epoch, swa_start), swa_lr / lr_init
    if t <= dec("0.5"):
        factor = Fraction(1)
    elif t <= dec("0.9"):
        factor = 1 - (1 - lr_ratio) * (t - dec("0.5")) / dec("0.4")
    else:
        factor = lr_ratio
    return lr_init * factor


@recipe("mask_rcnn", kinks=[1000, 210_000, 250_000], last=300_000)
def mask_rcnn(it: int) -> Exact:
    """github.com/facebookresearch/detectron2, detectron2/solver/lr_scheduler.py, WarmupMultiStepLR."""
    base_lr, gamma, milestones, warmup_iters = dec("0.02"), dec("0.1"), [210_000, 250_000], 1000
    alpha = Fraction(min(it, warmup_iters), warmup_iters)
    warmup_factor = Fraction(1, 1000) * (1 - alpha) + alpha
    return base_lr * warmup_factor * gamma ** bisect_right(milestones, it)


YOLOV5_BATCHES = 1849
YOLOV5_WARMUP = max(round(3 * YOLOV5_BATCHES), 100)


@recipe("yolov5", kinks=[1849, 2 * 1849, 3 * 1849, 4 * 1849, 299 * 1849], last=300 * 1849 - 1)
def yolov5(ni: int) -> Exact:
    """github.com/ultralytics/yolov5, train.py."""
    lr0, lrf, epochs, epoch = dec("0.01"), dec("0.01"), 300, ni // YOLOV5_BATCHES
    lf = (1 - Fraction(epoch, epochs)) * (1 - lrf) + lrf
    if ni <= YOLOV5_WARMUP:
        return Fraction(ni, YOLOV5_WARMUP) * (lr0 * lf)
    return lr0 * lf


@recipe("yolov5", of="momentum", kinks=[3 * 1849], last=300 * 1849 - 1)
def yolov5_momentum(ni: int) -> Exact:
    """The momentum of the same loop."""
    share = Fraction(min(ni, YOLOV5_WARMUP), YOLOV5_WARMUP)
    return dec("0.8") + share * (dec("0.937") - dec("0.8"))


@recipe("cyclegan", kinks=[1334 * epoch for epoch in (98, 99, 100, 198, 199)], last=200 * 1334 - 1)
def cyclegan(update: int) -> Exact:
    """github.com/junyanz/pytorch-CycleGAN-and-pix2pix, models/networks.py, get_scheduler, and train.py."""
    epoch_count, n_epochs, n_epochs_decay = 1, 100, 100
    epoch = update // 1334 + 1  # of the scheduler, which is stepped before the first batch
    return dec("0.0002") * (1 - Fraction(max(0, epoch + epoch_count - n_epochs), n_epochs_decay + 1))


@recipe("stylegan2_projector", kinks=[50, 750], last=1000)
def stylegan2_projector(step: int) -> Exact:
    """github.com/NVlabs/stylegan2-ada-pytorch, projector.py, project."""
    initial_learning_rate, t = dec("0.1"), Fraction(step, 1000)
    lr_ramp = min(Fraction(1), (1 - t) / dec("0.25"))
    ramp = exact(Fraction(1, 2)) - cos_pi(lr_ramp) / 2
    return exact(initial_learning_rate) * ramp * exact(min(Fraction(1), t / dec("0.05")))


@recipe("edm2", kinks=[4883, 70_000], last=2**20)
def edm2(update: int) -> Exact:
    """github.com/NVlabs/edm2, training/training_loop.py, learning_rate_schedule."""
    batch_size, ref_lr, ref_batches, rampup_mimg = 2048, dec("0.0120"), 70_000, 10
    cur_nimg = update * batch_size
    lr = exact(ref_lr) / sqrt(max(Fraction(cur_nimg, ref_batches * batch_size), Fraction(1)))
    return lr * exact(min(Fraction(cur_nimg, rampup_mimg * 10**6), Fraction(1)))


@recipe("mipnerf", kinks=[2499], last=1_100_000)
def mipnerf(update: int) -> Exact:
    """github.com/google/mipnerf, internal/math.py, learning_rate_decay, and train.py."""
    lr_init, lr_final, max_steps, lr_delay_steps, lr_delay_mult = dec("5e-4"), dec("5e-6"), 1_000_000, 2500, dec("0.01")
    step = update + 1
    ease = sin_pi(min(Fraction(step, lr_delay_steps), Fraction(1)) / 2)
    delay_rate = exact(lr_delay_mult) + exact(1 - lr_delay_mult) * ease
    t = exact(min(Fraction(step, max_steps), Fraction(1)))
    return delay_rate * exp(log(lr_init) * (1 - t) + log(lr_final) * t)

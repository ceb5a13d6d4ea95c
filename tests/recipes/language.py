"""The formulas of language models and speech, as their sources write them."""

from __future__ import annotations

from fractions import Fraction

from recipes.sources import Exact, cos_pi, dec, exact, exp, half_cosine, log, recipe, sqrt


@recipe("nanogpt", kinks=[2000, 600_000], last=700_000)
def nanogpt(it: int) -> Exact:
    """github.com/karpathy/nanoGPT, train.py, get_lr."""
    learning_rate, min_lr, warmup_iters, lr_decay_iters = dec("6e-4"), dec("6e-5"), 2000, 600_000
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    decay_ratio = Fraction(it - warmup_iters, lr_decay_iters - warmup_iters)
    coeff = (1 + cos_pi(decay_ratio)) / 2
    return exact(min_lr) + coeff * exact(learning_rate - min_lr)


@recipe("gpt3", kinks=[117, 118, 81_250], last=100_000)
def gpt3(step: int) -> Exact:
    """arXiv:2005.14165, appendix B; 3.2 million tokens in an update."""
    tokens = step * 3_200_000
    if tokens < 375_000_000:
        return dec("0.6e-4") * tokens / 375_000_000
    if tokens >= 260_000_000_000:
        return dec("0.6e-5")
    return half_cosine(dec("0.6e-4"), dec("0.6e-5"), Fraction(tokens - 375_000_000, 260_000_000_000 - 375_000_000))


@recipe("bert", kinks=[10_000, 1_000_000], last=1_100_000)
def bert(global_step: int) -> Exact:
    """github.com/google-research/bert, optimization.py, create_optimizer."""
    init_lr, num_train_steps, num_warmup_steps = dec("1e-4"), 1_000_000, 10_000
    learning_rate = init_lr * (1 - Fraction(min(global_step, num_train_steps), num_train_steps))  # polynomial_decay
    warmup_learning_rate = init_lr * Fraction(global_step, num_warmup_steps)
    is_warmup = int(global_step < num_warmup_steps)
    return (1 - is_warmup) * learning_rate + is_warmup * warmup_learning_rate


@recipe("bert_lamb", kinks=[2000], last=7037)
def bert_lamb(update: int) -> Exact:
    """github.com/NVIDIA/DeepLearningExamples, PyTorch/LanguageModeling/BERT/schedulers.py, PolyWarmUpScheduler."""
    base_lr, warmup, total_steps = dec("6e-3"), dec("0.2843"), 7038
    last_epoch = update + 1  # step() comes before the optimizer's
    progress = Fraction(last_epoch, total_steps)
    if progress < warmup:
        return base_lr * progress / warmup
    return exact(base_lr) * sqrt(1 - progress)


def palm_rate(k: int) -> Exact:
    """arXiv:2204.02311, section 5."""
    return dec("0.01") if k < 10_000 else 1 / sqrt(k)


@recipe("palm", kinks=[10_000], last=10_000_000)
def palm(k: int) -> Exact:
    """The learning rate of Adafactor."""
    return palm_rate(k)


@recipe("palm", of="weight_decay", kinks=[10_000], last=10_000_000)
def palm_weight_decay(k: int) -> Exact:
    """lr ** 2.0."""
    return palm_rate(k) ** 2


@recipe("pythia", kinks=[1430, 114_000, 140_140, 141_570, 143_000], last=150_000)
def pythia(num_iters: int) -> Exact:
    """github.com/EleutherAI/gpt-neox, megatron/learning_rates.py, AnnealingLR.get_lr."""
    start_lr, min_lr, end_iter, warmup_iter = dec("0.00012"), dec("0.000012"), 143_000, 1430
    num_iters_ = min(num_iters, end_iter - warmup_iter)
    if num_iters <= warmup_iter:
        return start_lr * num_iters_ / warmup_iter
    num_iters_ = num_iters_ - warmup_iter
    lr = exact(start_lr) / 2 * (cos_pi(Fraction(num_iters_, end_iter)) + 1)
    return max(lr, exact(min_lr))


@recipe("deepseek_llm", kinks=[2000, 169_543, 190_735], last=211_927)
def deepseek_llm(step: int) -> Exact:
    """arXiv:2401.02954, section 2.3, with the batches and tokens of the 7B model."""
    maximum, tokens, all_tokens = dec("4.2e-4"), step * 2304 * 4096, 2_000_000_000_000
    if step < 2000:
        return maximum * step / 2000
    if tokens < dec("0.8") * all_tokens:
        return maximum
    return maximum * (dec("0.316") if tokens < dec("0.9") * all_tokens else dec("0.1"))


NANOCHAT_ITERATIONS = 5000
NANOCHAT_WARMDOWN = round(0.65 * NANOCHAT_ITERATIONS)


@recipe("nanochat", kinks=[40, 1750], last=NANOCHAT_ITERATIONS)
def nanochat(it: int) -> Exact:
    """github.com/karpathy/nanochat, scripts/base_train.py, get_lr_multiplier, times matrix_lr."""
    matrix_lr, warmup_iters, final_lr_frac = dec("0.02"), 40, dec("0.05")
    if it < warmup_iters:
        return matrix_lr * (it + 1) / warmup_iters
    if it <= NANOCHAT_ITERATIONS - NANOCHAT_WARMDOWN:
        return matrix_lr
    progress = Fraction(NANOCHAT_ITERATIONS - it, NANOCHAT_WARMDOWN)
    return matrix_lr * (progress + (1 - progress) * final_lr_frac)


@recipe("nanochat", of="momentum", kinks=[400, 1750], last=NANOCHAT_ITERATIONS)
def nanochat_momentum(it: int) -> Exact:
    """The same file's get_muon_momentum."""
    warmdown_start = NANOCHAT_ITERATIONS - NANOCHAT_WARMDOWN
    if it < 400:
        frac = Fraction(it, 400)
        return (1 - frac) * dec("0.85") + frac * dec("0.97")
    if it >= warmdown_start:
        progress = Fraction(it - warmdown_start, NANOCHAT_WARMDOWN)
        return dec("0.97") * (1 - progress) + dec("0.90") * progress
    return dec("0.97")


@recipe("nanochat", of="weight_decay", last=NANOCHAT_ITERATIONS)
def nanochat_weight_decay(it: int) -> Exact:
    """The same file's get_weight_decay."""
    return exact(dec("0.28")) * (1 + cos_pi(Fraction(it, NANOCHAT_ITERATIONS))) / 2


@recipe("whisper", kinks=[2048], last=1_048_576)
def whisper(update: int) -> Exact:
    """arXiv:2212.04356, section 2.4 and the appendix on training."""
    maximum, warmup, updates = dec("1.5e-3"), 2048, 1_048_576
    if update < warmup:
        return maximum * update / warmup
    return maximum * Fraction(updates - update, updates - warmup)


@recipe("wav2vec2", kinks=[8000, 40_000, 80_000], last=90_000)
def wav2vec2(num_updates: int) -> Exact:
    """github.com/facebookresearch/fairseq, fairseq/optim/lr_scheduler/tri_stage_lr_scheduler.py."""
    peak_lr, init_lr_scale, final_lr_scale, max_update = dec("0.00003"), dec("0.01"), dec("0.05"), 80_000
    warmup_steps, hold_steps, decay_steps = (max_update * share // 10 for share in (1, 4, 5))
    init_lr = init_lr_scale * peak_lr
    warmup_rate = (peak_lr - init_lr) / warmup_steps
    decay_factor = -log(final_lr_scale) / decay_steps
    if num_updates < warmup_steps:
        return init_lr + warmup_rate * num_updates
    if num_updates < warmup_steps + hold_steps:
        return peak_lr
    steps_in_stage = num_updates - warmup_steps - hold_steps
    if steps_in_stage <= decay_steps:
        return exact(peak_lr) * exp(-decay_factor * steps_in_stage)
    return final_lr_scale * peak_lr

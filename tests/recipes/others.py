"""The formulas of recommenders, games and proteins, as their sources write them."""

from __future__ import annotations

from fractions import Fraction

from recipes.sources import Exact, dec, exact, power, recipe


@recipe("dlrm", kinks=[7998, 7999, 69_999, 97_763, 99_998], last=120_000)
def dlrm(update: int) -> Exact:
    """github.com/facebookresearch/dlrm, dlrm_s_pytorch.py, LRPolicyScheduler; `last_lr` written out."""
    base_lr, num_warmup_steps, decay_start_step, num_decay_steps = dec("18.0"), 8000, 70_000, 30_000
    step_count = update + 1
    if num_warmup_steps <= step_count < decay_start_step:
        step_count = num_warmup_steps - 1  # frozen at last_lr
    step_count = min(step_count, decay_start_step + num_decay_steps - 1)
    if step_count < num_warmup_steps:
        return base_lr * (1 - Fraction(num_warmup_steps - step_count, num_warmup_steps))
    decayed_steps = step_count - decay_start_step
    return max(dec("0.0000001"), base_lr * Fraction(num_decay_steps - decayed_steps, num_decay_steps) ** 2)


@recipe("ppo_atari", kinks=[16, 32, 16 * 9764], last=16 * 9765 - 1)
def ppo_atari(update: int) -> Exact:
    """github.com/vwxyzjn/cleanrl, cleanrl/ppo_atari.py."""
    num_envs, num_steps, update_epochs, num_minibatches = 8, 128, 4, 4
    num_iterations = 10_000_000 // (num_envs * num_steps)
    iteration = 1 + update // (update_epochs * num_minibatches)
    return (1 - Fraction(iteration - 1, num_iterations)) * dec("2.5e-4")


@recipe("muzero", last=1_000_000)
def muzero(global_step: int) -> Exact:
    """The pseudocode of arXiv:1911.08265, train_network."""
    return exact(dec("0.05")) * power(dec("0.1"), Fraction(global_step, 350_000))


@recipe("alphafold", kinks=[1000, 50_001, 100_000, 150_000, 950_000], last=1_000_000)
def alphafold(step_no: int) -> Exact:
    """github.com/aqlaboratory/openfold, openfold/utils/lr_schedulers.py, AlphaFoldLRScheduler.get_lr."""
    max_lr, warmup_no_steps, start_decay_after_n_steps, decay_every_n_steps = dec("0.001"), 1000, 50_000, 50_000
    if step_no <= warmup_no_steps:
        return Fraction(step_no, warmup_no_steps) * max_lr
    if step_no > start_decay_after_n_steps:
        steps_since_decay = step_no - start_decay_after_n_steps
        return max_lr * dec("0.95") ** (steps_since_decay // decay_every_n_steps + 1)
    return max_lr

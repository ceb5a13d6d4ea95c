"""Launch scripts, read as data: what their programs are called with, as bash has it; what only a run knows refuses."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from lrspec import LrspecError, SpecError, UnsupportedError
from lrspec.readers.configs import load_config
from lrspec.readers.files import ConfigFile, load
from lrspec.readers.files.shell import launches
from lrspec.readers.files.shell.values import Fork, Unknown, text_of
from lrspec.readers.files.shell.walk import Walk

BASH = shutil.which("bash")


def flags(script: str) -> dict[str, Any]:
    """Return the flags of the only program: values, or why one is not known."""
    (only,) = launches(script, "run.sh")
    return {name: flag.unknown or flag.value for name, flag in only.flags.items()}


PROGRAMS = {
    "python train.py --a 1": "train.py",
    "python3 -u -m torch.distributed.launch --nproc_per_node=8 --use_env run/train.py --a 1": "run/train.py",
    "python -m torch.distributed.run --nnodes 2 train.py --a 1": "train.py",
    "torchrun --standalone --nproc_per_node gpu train.py --a 1": "train.py",
    "torchrun --nproc_per_node 8 -m pkg.train --a 1": "pkg.train",
    "python3 -m pkg.train --a 1": "pkg.train",
    "deepspeed --num_gpus 8 --master_port 1 train.py --deepspeed ds.json --a 1": "train.py",
    "deepspeed --include localhost:0,1 --module pkg.train --a 1": "pkg.train",
    "accelerate launch --config_file fsdp.yaml --num_processes 8 train.py --a 1": "train.py",
    "python -m accelerate.commands.launch train.py --a 1": "train.py",
    "srun --ntasks=8 --gpus-per-task 1 python train.py --a 1": "train.py",
    "CUDA_VISIBLE_DEVICES=0,1 nohup python train.py --a 1 > log 2>&1 &": "train.py",
    "mpirun -np 8 -x NCCL_DEBUG=INFO python ./train.py --a 1": "./train.py",
    "srun bash -c 'python train.py --a 1'": "train.py",
    "LAUNCH='torchrun --nnodes 1'\n$LAUNCH train.py --a 1": "train.py",
    "CMD='python train.py --a 1'\neval $CMD": "train.py",
    'CMD="python train.py --a 1"\necho $CMD\nbash -c "$CMD"': "train.py",
    "exec time python train.py --a 1": "train.py",
    "conda run -n env python train.py --a 1": "train.py",
    "python $DIR/train.py --a 1": "/train.py",
    "if python train.py --a 1; then echo ok; fi": "train.py",
    "python train.py --a 1 || exit 1": "train.py",
    "( cd src && python train.py --a 1 )": "train.py",
    "trainer fit --a 1": "trainer",
    "trainer fit --plugin mine.py --a 1": "trainer",
    "trainer fit --plugins mine.py yours.py --a 1": "trainer",
    "python $MAIN --plugin mine.py --a 1": "",
    "python train.py --plugin mine.py --a 1": "train.py",
    "srun --exclusive ./train.py --a 1": "./train.py",
    "torchrun --standalone --nproc_per_node $N train.py --a 1": "train.py",
}


def test_flags_before_a_python_file_that_is_a_value_are_kept() -> None:
    assert flags("trainer fit --b 2 --plugins mine.py yours.py --a 1") == {
        "b": "2",
        "plugins": ["mine.py", "yours.py"],
        "a": "1",
    }
    found = flags("MAIN=$1\npython $MAIN --b 2 --plugin mine.py --a 1")
    assert (found["b"], found["a"]) == ("2", "1")


@pytest.mark.parametrize("script", PROGRAMS)
def test_the_program_is_found_behind_its_launcher(script: str) -> None:
    (only,) = launches(script, "run.sh")
    assert only.program == PROGRAMS[script]
    assert {name: flag.value for name, flag in only.flags.items()} | {"a": "1"} == {
        name: flag.value for name, flag in only.flags.items()
    }


KNOWN: dict[str, dict[str, Any]] = {
    "python t.py --lr=1e-4 --x -1 --betas 0.9 0.95 --no-bias --some-name v": {
        "lr": "1e-4", "x": "-1", "betas": ["0.9", "0.95"], "no_bias": True, "some_name": "v",
    },
    "python t.py --lr 1 --lr 2": {"lr": "2"},
    "A='--lr 1  --x'; python t.py $A 3": {"lr": "1", "x": "3"},
    "A='1 2'; python t.py --lr \"$A\"": {"lr": "1 2"},
    "A=(--lr 1 # --lr 2\n --x '3 4')\nA+=(--y 5)\npython t.py \"${A[@]}\"": {"lr": "1", "x": "3 4", "y": "5"},
    "A=(--x '3 4'); python t.py ${A[@]}": {"x": ["3", "4"]},
    "N=4; M=$((N * 8 - 2)); python t.py --x $M --y $(( $N / 3 ))": {"x": "30", "y": "1"},
    "LR=${LR:-1e-3}; python t.py --lr $LR": {"lr": "1e-3"},
    ": ${LR:=1e-3}\npython t.py --lr $LR": {"lr": "1e-3"},
    'if [ -z "$LR" ]; then LR=2e-3; fi; python t.py --lr $LR': {"lr": "2e-3"},
    "python t.py \\\n  --lr 1 \\\n  --x 2 # --y 3\n": {"lr": "1", "x": "2"},
    'cat <<EOF > a.json\n{"lr": 5}\npython t.py --lr 9\nEOF\npython t.py --lr 1': {"lr": "1"},
    "M=b; case $M in a) LR=1;; b|c) LR=2;; esac; python t.py --lr $LR": {"lr": "2"},
    "if [[ $X == y ]]; then Z=1; else Z=2; fi; python t.py --lr 3": {"lr": "3"},
    'B=(1 2); A="${B[@]}"; python t.py --lr $A': {"lr": ["1", "2"]},
    "LR=1; set -- --lr 2; python t.py $@": {"lr": "2"},
    "LR=1\nLR=2 bash -c 'python t.py --lr $LR'": {"lr": "2"},
    "f() { python t.py --lr $LR; }; LR=1; LR=2 f": {"lr": "2"},
    "if [[ $X ]]; then B=' --y 1'; else B=''; fi; A=\"--lr 1$B --z 2\"; python t.py $A": {"lr": "1", "z": "2"},
    'B=(); [ $X ] && B+=(--y 1); python t.py --lr 1 "${B[@]}" --z 2': {"lr": "1", "z": "2"},
    "if [ -z $DIR ]; then echo no; exit 1; fi; python t.py --lr 1": {"lr": "1"},
    "if [[ $X == y ]]; then LR=1; else LR=1; fi; python t.py --lr $LR": {"lr": "1"},
    "if [[ $X == y ]]; then exit 1; LR=3; fi; python t.py --lr ${LR:-4}": {"lr": "4"},
    'f() { python t.py --lr $1 "${@:2}"; }\nLR=1\nf $LR': {"lr": "1"},
    "for LR in 3; do python t.py --lr $LR; done": {"lr": "3"},
    "python t.py --lr 1 $@": {"lr": "1"},
    "python t.py --lr 1 $EXTRA_ARGS --x 2": {"lr": "1", "x": "2"},
    "python t.py --lr 1 \\\n # --x 2 \\\n --y 3": {"lr": "1"},
    "python t.py --save <a path> --lr 1": {"save": "line 1: <a path>, which only the run knows", "lr": "1"},
    "(LR=2); LR=${LR:-1}; python t.py --lr $LR": {"lr": "1"},
    "LR=1; LR=2 python t.py --lr $LR": {"lr": "1"},
    "LR=1; echo x | read LR; python t.py --lr $LR": {"lr": "1"},
    "python t.py --lr 1\r\n": {"lr": "1"},
}  # fmt: skip


@pytest.mark.parametrize("script", KNOWN)
def test_what_a_script_says_is_read_as_bash_has_it(script: str) -> None:
    found = flags(script)
    assert {name: found.get(name) for name in KNOWN[script]} == KNOWN[script]


UNKNOWN = {
    "python t.py --lr $LR": r"line 1: \$LR, which the script does not set",
    "LR=$1\npython t.py --lr $LR": r"line 1: \$LR, set to \$1, an argument of the script",
    "python t.py --lr ${LR}": r"line 1: \$LR",
    "LR=`cat lr`\npython t.py --lr $LR": r"line 1: \$LR, set to `cat lr`",
    "LR=$(python -c 'print(3)')\npython t.py --lr=$LR": r"line 1: \$LR, set to \$\(python",
    "LR=1\nif [ $X = y ]; then LR=2; fi\npython t.py --lr $LR": "line 2: .*one of several paths",
    "if [ $X = y ]; then LR=2; fi\npython t.py --lr $LR": "line 1: .*one of several paths",
    "case $1 in a) LR=1;; *) LR=2;; esac\npython t.py --lr $LR": "line 1: .*one of several paths",
    "for LR in 1 2; do\npython t.py --lr $LR; done": r"line 1: \$LR, set in a loop",
    "LR=1; while read x; do LR=$x; done\npython t.py --lr $LR": "line 1",
    "while [ $# -gt 0 ]; do case $1 in --lr) LR=$2; shift;; esac; shift; done\npython t.py --lr $LR": "line 1",
    "LR=1\nsource vars.sh\npython t.py --lr $LR": r"line 2: \$LR, which a script that is sourced later",
    "LR=1\neval $(cat vars)\npython t.py --lr $LR": "line 2",
    "A='--lr 1'\n[ $X ] && A='--lr 2'\npython t.py $A": "line 2: given on one of several paths",
    "A=(--x 1)\nif [ $X ]; then A+=(--lr 2); fi\npython t.py ${A[@]}": "line 2: given on one of several paths",
    "python t.py --lr 1 --x 2 $(cat args)": r"line 1: \$\(cat args\)",
    "A=$2\npython t.py --lr 1 $A_ARGS --x 2\nA_ARGS=$A python t.py": "",
    "ARGS=$2\npython t.py --lr 1 $ARGS": r"line 1: \$ARGS, set to \$2",
    "LR=1\nLR[0]=2\npython t.py --lr $LR": "line 2",
    "LR=1; if [[ -z $X && -z $Y ]]; then LR=2; fi\npython t.py --lr $LR": "line 1: .*one of several paths",
    "LR=5e-5; IFS=5\npython t.py --lr $LR": "line 1",
    "read -r LR\npython t.py --lr $LR": r"line 1: \$LR, set by `read`",
    "python t.py --lr ${X%%.*}": "not worked out here",
    "python t.py --lr $((A * 2))": "which the script alone does not say",
    "A=99999999999; python t.py --lr $((A * A))": "which the script alone does not say",
}


@pytest.mark.parametrize("script", [script for script, why in UNKNOWN.items() if why])
def test_what_only_the_run_knows_says_why_and_where(script: str) -> None:
    found = flags(script)["lr"]
    assert isinstance(found, str)
    assert re.search(UNKNOWN[script], found), found


def test_an_unknown_flag_refuses_only_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "run.sh"
    path.write_text("torchrun pretrain_gpt.py --save $1 --lr 1e-4 --train-iters 10 --lr-decay-style linear\n")
    assert load_config(path).construct == "linear"
    path.write_text("LR=$1\ntorchrun pretrain_gpt.py --lr $LR --train-iters 10 --lr-decay-style linear\n")
    with pytest.raises(SpecError, match=r"lr: found \$LR, set to \$1, an argument of the script \(line 1\)"):
        load_config(path)
    path.write_text("torchrun pretrain_gpt.py $(cat more) --lr 1 --train-iters 10 --lr-decay-style linear\n")
    with pytest.raises(SpecError, match=r"\$\(cat more\).*\(line 1\)"):
        load_config(path)


def test_what_is_taken_for_granted_is_said(tmp_path: Path) -> None:
    path = tmp_path / "run.slurm"
    path.write_text(
        "LR=${LR:-1e-4}\nN=${N:-3}\n"
        "srun python pretrain_gpt.py --lr $LR --n $N --train-iters 9 --micro-batch-size 1 $@\n"
    )
    notes = load_config(path).conventions
    other = path.with_suffix(".sh")
    other.write_text(
        "if [ -z $X ]; then LR=1; fi\nsrun python pretrain_gpt.py --lr $LR --train-iters 9 --micro-batch-size 1"
    )
    assert "line 1: the script does not set $X; its default is taken" in load_config(other).conventions
    assert "line 1: the script does not set $LR; its default is taken" in notes
    assert "line 3: $@, an argument of the script; taken as empty" in notes
    assert not any("$N" in note for note in notes)


def test_two_trainings_are_read_where_they_agree(tmp_path: Path) -> None:
    path = tmp_path / "run"
    one = "torchrun pretrain_gpt.py --train-iters 10 --micro-batch-size 1 --lr"
    path.write_text(f"#!/usr/bin/env bash\npython prepare.py --in x\n{one} 1 --seed 1\n{one} 1 --seed 2\n")
    assert load_config(path).construct == "linear"
    path.write_text(f"#!/bin/sh\npython prepare.py --in x\n{one} 1\n{one} 2\n")
    with pytest.raises(UnsupportedError, match="line 3 and line 4"):
        load_config(path)
    path.write_text("#!/bin/sh\npython prepare.py --in x\npython other.py --lr 2\n")
    with pytest.raises(UnsupportedError, match=r"prepare\.py \(line 2\), other\.py \(line 3\)"):
        load_config(path)


def test_the_flags_know_their_lines_and_the_file_its_program(tmp_path: Path) -> None:
    path = tmp_path / "run.bash"
    path.write_text('A=(\n  --lr 1\n  --x 2\n)\nO=" \\\n --y 3"\npython src/train.py ${A[@]} $O\n')
    (only,) = launches(path.read_text(), "run.bash")
    assert {name: flag.line for name, flag in only.flags.items()} == {"lr": 2, "x": 3, "y": 6}
    file = load(path)
    assert isinstance(file, ConfigFile)
    assert (file.program, dict(file.data)) == ("train.py", {"lr": "1", "x": "2", "y": "3"})


MALFORMED = {
    "a='b": "line 1: found ' that is not closed",
    'x\na="b': 'line 2: found " that is not closed',
    "if true; then a": "line 1: found",
    "a=$(b": "that is not closed",
    "a=(1 2": "an array that is not closed",
    "for; do x; done": "a variable's name",
    "fi )": "found '",
    "case a in b": "found",
    "f() {": "found",
    "[[ a": "not closed",
    "a=${b": "not closed",
}


@pytest.mark.parametrize("script", MALFORMED)
def test_what_is_no_script_is_refused_with_its_line(script: str) -> None:
    with pytest.raises(SpecError, match=r"line [0-9]+") as caught:
        launches(script, "run.sh")
    assert MALFORMED[script] in str(caught.value)


HUGE = {
    "a text that doubles": "A=xx\n" + 'A="$A$A$A$A"\n' * 60,
    "an array that doubles": "A=(x)\n" + 'A=("${A[@]}" "${A[@]}")\n' * 60,
    "paths that double": "".join(f"if $x; then A=$A{i}; else A=$A{i}y$A; fi\n" for i in range(200)),
    "evals of evals": 'A=\'eval "$A"\'\neval "$A"',
    "a function that calls itself": "f() { f; f; }\nf",
    "functions that call twice": "f0() { :; }\n"
    + "".join(f"f{i}() {{ f{i - 1}; f{i - 1}; }}\n" for i in range(1, 60))
    + "f59",
    "loops in loops": "for a in 1 2; do " * 35 + "x" + "; done" * 35,
    "brackets in brackets": "(" * 5000 + "x" + ")" * 5000,
    "substitutions in substitutions": "$(" * 5000,
    "defaults in defaults": "${a:-" * 5000 + "}" * 5000,
    "quotes in defaults": '"${a:-' * 5000,
    "many variables, many paths": "".join(f"V{i}=1\n" for i in range(4000)) + "if $x; then A=1; fi\n" * 4000,
    "sums of sums": "a=$((" + "1+" * 9000 + "1))\n" + "b=$((" + "(" * 190 + "1" + ")" * 190 + "))",
}


@pytest.mark.parametrize("script", HUGE)
def test_what_grows_without_end_ends(script: str) -> None:
    try:
        found = launches(f"{HUGE[script]}\npython t.py --lr $A\n", "run.sh")
    except (SpecError, UnsupportedError):
        return
    assert len(found) <= 1


@settings(max_examples=300)
@given(st.text(alphabet="ab12$`\"'(){}[]<>|&;=+-*/#\\ \n\t:?!@,%~^_", max_size=60) | st.text(max_size=40))
def test_any_text_is_read_or_refused(script: str) -> None:
    try:
        launches(script, "run.sh")
    except LrspecError:
        return


SCRIPT_WORDS = st.lists(
    st.sampled_from(
        [
            "$A", '"$A"', "${B}", '"${C[@]}"', "${C[@]}", "${C[1]}", "'a b'", "--x", "x", '""', "a\\\nb", "'$A'",
            '"\\$A"',
            "${D:-z w}", '"${D:-z w}"', "${A:+y}", "${E-u}", "$((B*3+1))", "$((E/2-B))", '"p\\\nq"', "\\ ",
        ]
    ),
    max_size=3,
).map(" ".join)  # fmt: skip
SIMPLE = st.one_of(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from(["=", "+="]), SCRIPT_WORDS).map(
        lambda t: f"{t[0]}{t[1]}{t[2].split(' ')[0] if t[2] else ''}"
    ),
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from(["=", "+="]), SCRIPT_WORDS).map(
        lambda t: f"{t[0]}{t[1]}({t[2]})"
    ),
    SCRIPT_WORDS.map(lambda words: f"run {words}"),
    st.sampled_from(["unset A", 'export B="$A --q"', "eval run $A", "f 1 'a b'"]),
)
TESTS = st.sampled_from(
    ['[ "$A" = 1 ]', '[ -z "$D" ]', "[[ -n $D ]]", '[[ $A != "1" ]]', "true", "false", '[ "$B" -gt 1 ]']
)
SCRIPTS = st.lists(
    st.one_of(
        SIMPLE,
        st.tuples(TESTS, SIMPLE, SIMPLE).map(lambda t: f"if {t[0]}; then\n{t[1]}\nelse\n{t[2]}\nfi"),
        st.tuples(TESTS, st.sampled_from(["&&", "||"]), SIMPLE).map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
        SIMPLE.map(lambda one: f"for A in 7; do {one}\ndone"),
        SIMPLE.map(lambda one: f"( {one}\n)"),
        SIMPLE.map(lambda one: f'case "$A" in 1|2) {one} ;; *) run other ;; esac'),
        SIMPLE.map(lambda one: f"g() {{ {one}\n}}\ng"),
    ),
    min_size=1,
    max_size=6,
).map("\n".join)
BEFORE = "f() { A=$1; run \"$@\" $2; }\nA='1'; B=2 C=(3 '4 5') D= ; E=7\n"
AFTER = '\nrun $A "$B" "${C[@]}" $D ${E}\n'
PRINT = 'run() { local x; for x in "$@"; do printf "%s\\0" "$x"; done; printf "\\1"; }\n'


class Watched(Walk):
    """A walk that says whether there was more than one path."""

    several = False

    def _paths(self, line: int, bodies: Any) -> None:
        self.several |= len(bodies) > 1
        super()._paths(line, bodies)


@pytest.mark.skipif(BASH is None, reason="there is no bash to compare with")
@settings(max_examples=60)
@given(SCRIPTS)
def test_words_are_those_of_bash(script: str) -> None:
    """Every command with known words, on the only path, is one that bash runs; and those that bash runs are known."""
    script = f"{BEFORE}{script}{AFTER}"
    ran = subprocess.run([str(BASH), "-c", PRINT + script], capture_output=True, check=False, env={"PATH": ""})
    if ran.stderr:  # an error of arithmetic, or a word for a command
        return
    real = [call.split("\0")[:-1] for call in ran.stdout.decode().split("\1")[:-1]]
    walk = Watched("x")
    walk.script(script)
    words = [list(words) for _, words in walk.calls]
    unknown = any(
        isinstance(word, Fork) or any(isinstance(p, Unknown | Fork) for p in word) for one in words for word in one
    )
    known = [
        [text_of(word) for word in one[1:] if not isinstance(word, Fork)]
        for one in words
        if not any(isinstance(word, Fork) or text_of(word) is None for word in one)
    ]
    assert walk.several or all(one in real for one in known)
    assert unknown or all(one in known for one in real)

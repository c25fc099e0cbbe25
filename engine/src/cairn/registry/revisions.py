"""What a person may call a commit: a stage, a version, an experiment or a revision of git."""

from cairn.errors import InputError, did_you_mean
from cairn.registry import tags
from cairn.registry.git import git, run
from cairn.registry.tags import ARTIFACT


def find(said: str) -> str:
    """Give the commit that is meant.

    Parameters
    ----------
    said : a stage, such as `prod`; a version, such as `v0.0.3`; the name of an experiment; or a revision, such as
        `main`, `HEAD~2` or a hash. The first that knows it counts, in this order

    Returns
    -------
    str : the commit's hash

    Raises
    ------
    InputError : none knows it
    """
    known = tags.read()
    if (current := known.current(said)) is not None:
        return current.commit
    versions = {name: tag.commit for name, tag in known.versions.items()}
    named = versions | {f"{ARTIFACT}@{name}": commit for name, commit in versions.items()}
    if said in named:
        return named[said]
    made = experiments()
    if len(made.get(said, [])) > 1:
        raise InputError(f"--rev {said}: {len(made[said])} experiments have this name; say the hash of one of them")
    if said in made:
        return made[said][0]
    found = run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{said}^{{commit}}")
    if found.returncode:
        near = did_you_mean(said, [*known.stages, *versions, *made])
        raise InputError(f"--rev {said}: no stage, version, experiment or revision of git {near}")
    return found.stdout.strip()


def experiments() -> dict[str, list[str]]:
    """Give the commits of DVC's experiments by name; two of one name may start from different commits."""
    found: dict[str, list[str]] = {}
    for line in git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").splitlines():
        commit, reference = line.split(" ", 1)
        place = reference.split("/")  # refs/exps/ab/cdef.../name
        if len(place) == 5 and len(place[2]) == 2:
            found.setdefault(place[4], []).append(commit)
    return found

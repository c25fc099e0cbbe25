"""Find a commit by a stage, a version, an experiment or a revision of git."""

from cairn.errors import InputError, did_you_mean
from cairn.registry import tags
from cairn.registry.git import git, run
from cairn.registry.tags import ARTIFACT


def find(name: str) -> str:
    """Return the commit that a name means.

    Parameters
    ----------
    name : a stage, such as `prod`; a version, such as `v0.0.3`; the name of an experiment; or a revision, such as
        `main`, `HEAD~2` or a hash. Tried in this order

    Returns
    -------
    str : the commit's hash

    Raises
    ------
    InputError : it is none of these, or two experiments have this name
    """
    known = tags.read()
    if (current := known.current(name)) is not None:
        return current.commit
    versions = {version: tag.commit for version, tag in known.versions.items()}
    named = versions | {f"{ARTIFACT}@{version}": commit for version, commit in versions.items()}
    if name in named:
        return named[name]
    commits = experiments()
    if len(commits.get(name, [])) > 1:
        raise InputError(f"--rev {name}: {len(commits[name])} experiments have this name; give the hash of one of them")
    if name in commits:
        return commits[name][0]
    found = run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if found.returncode:
        near = did_you_mean(name, [*known.stages, *versions, *commits])
        raise InputError(f"--rev {name}: no stage, version, experiment or revision of git {near}")
    return found.stdout.strip()


def experiments() -> dict[str, list[str]]:
    """Return the commits of DVC's experiments by name; two with one name may start from different commits."""
    found: dict[str, list[str]] = {}
    for line in git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").splitlines():
        commit, reference = line.split(" ", 1)
        place = reference.split("/")  # refs/exps/ab/cdef.../name
        if len(place) == 5 and len(place[2]) == 2:
            found.setdefault(place[4], []).append(commit)
    return found

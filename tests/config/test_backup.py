"""Backup and restore of both stores, from a stopped instance and into an empty one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from serment.config import environment, keeper_probe
from serment.config.backup import cluster, manifest, restoring, taking
from serment.config.database import roles
from serment.config.doctor import examination
from serment.config.environment import Environment
from serment.config.supervisor.up import AlreadyRunning, alone
from serment.keeper import recovery, upkeep
from serment.keeper.policy.asks import FreezeAsk
from serment.keeper.root_key import changing
from serment.keeper.root_key.closing import Unanswered
from serment.keeper.root_key.source import Surroundings
from serment.keeper.tending import TendAsk
from serment.keeper.unlocking import StoreTooOld
from tests.apart import apart

EVIDENCE = FreezeAsk("evidence", "68686868-6868-4868-8868-686868686868", "essai")
"""Something for the keeper to record and to keep."""


def instance_at(folder: Path) -> Environment:
    return replace(
        environment.read(),
        state=folder,
        database_name="serment",
        keeper_socket=folder / "run" / "keeper.sock",
    )


@pytest.fixture(scope="module")
def original() -> Iterator[Environment]:
    """An instance with one row and a fresh ledger, stopped."""
    with tempfile.TemporaryDirectory(prefix="serment-b-") as name:
        env = instance_at(Path(name))
        with cluster.answering(env), roles.connect(env.state, env.run, "serment") as root:
            root.execute("CREATE TABLE visit (id int); INSERT INTO visit VALUES (42)")
            root.execute("ALTER TABLE visit OWNER TO serment_owner")
            root.execute("ALTER TABLE visit FORCE ROW LEVEL SECURITY")
            root.execute("ALTER TABLE visit ENABLE ROW LEVEL SECURITY")
        with cluster.keeping(env):
            pass
        yield env


@pytest.fixture(scope="module")
def backup(original: Environment) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="serment-b-") as name:
        taking.take(original, Path(name) / "copy")
        yield Path(name) / "copy"


def test_round_trip_brings_back_rows_that_walls_hide(
    original: Environment, backup: Path, tmp_path: Path
) -> None:
    env = instance_at(tmp_path / "state")
    with pytest.raises(restoring.NoRootKey):
        restoring.restore(env, backup, force=False)
    restoring.restore(env, backup, force=False, root_key=original.state / "keeper" / "root.key")
    with cluster.answering(env), roles.connect(env.state, env.run, "serment") as root:
        assert root.execute("SELECT id FROM visit").fetchall() == [(42,)]
        with roles.connect(env.state, env.run, "serment", roles.OWNER) as owner:
            assert owner.execute("SELECT id FROM visit").fetchall() == []
    with cluster.keeping(env):
        pass
    with pytest.raises(restoring.SomethingThere):
        restoring.restore(env, backup, force=False)
    again = restoring.restore(env, backup, force=True)
    assert list(env.state.glob("postgres-replaced-*")) == [again.aside[0]]


def test_the_root_key_is_in_no_backup(original: Environment, backup: Path) -> None:
    key = (original.state / "keeper" / "root.key").read_bytes()
    for path in backup.rglob("*"):
        assert path.is_dir() or key not in path.read_bytes()


@pytest.mark.parametrize("damage", ["change", "remove"])
def test_damaged_backup_is_refused_and_a_whole_one_is_not(
    backup: Path, tmp_path: Path, damage: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(backup, copy)
    manifest.verified(copy)
    dump = copy / "database.dump"
    if damage == "change":
        dump.write_bytes(dump.read_bytes()[:-1] + b"!")
    else:
        dump.unlink()
    with pytest.raises(manifest.BackupDamaged, match=r"database\.dump"):
        restoring.restore(instance_at(tmp_path / "state"), copy, force=False)


def test_the_root_key_of_another_instance_is_refused_before_anything_changes(
    original: Environment, backup: Path, tmp_path: Path
) -> None:
    env = instance_at(tmp_path / "state")
    other = tmp_path / "root.key"
    other.write_bytes(bytes(32))
    with pytest.raises(restoring.NoVault):
        restoring.restore(env, backup, force=False, root_key=other)
    vault = original.state / "keeper" / "keys.vault"
    shutil.copy(vault, tmp_path / "keys.vault")
    with pytest.raises(restoring.OtherRootKey):
        restoring.restore(env, backup, force=False, root_key=other)
    with pytest.raises(restoring.NoRootKey, match="nowhere"):
        restoring.restore(env, backup, force=False, root_key=tmp_path / "nowhere")
    assert not env.state.exists()
    # The control: unproved, the other key would lie there and the keeper would not start.
    keeper = env.state / "keeper"
    keeper.mkdir(parents=True, mode=0o700)
    shutil.copyfile(other, keeper / "root.key")
    (keeper / "root.key").chmod(0o600)
    shutil.copyfile(backup / "keeper" / "store.sqlite", keeper / "store.sqlite")
    with pytest.raises(cluster.KeeperDown), cluster.keeping(env):
        pass
    for name in ("root.key", "keys.vault"):
        shutil.copy(original.state / "keeper" / name, keeper / name)
    with cluster.keeping(env):
        pass


@pytest.mark.parametrize("guarded", [True, False])
def test_a_backup_that_somebody_else_made_is_not_run(
    original: Environment, backup: Path, tmp_path: Path, guarded: bool
) -> None:
    """Whoever may write where backups lie rewrites dump and manifest; a restored dump runs as the
    database's superuser. Negative control: believed, it runs."""
    forged = tmp_path / "forged"
    shutil.copytree(backup, forged)
    with (
        cluster.answering(original),
        roles.connect(original.state, original.run, "serment") as root,
    ):
        root.execute("CREATE TABLE planted (line text)")
        root.execute("INSERT INTO planted VALUES ('x')")
        (forged / manifest.DUMP).unlink()
        cluster.run(
            original, "pg_dump", "--format=custom", "--file", forged / manifest.DUMP,
            "--dbname", "serment",
        )  # fmt: skip
        root.execute("DROP TABLE planted")
    told = manifest.verified(backup)
    manifest.write(forged, manifest.describe(forged, told.taken_at, told.postgres_major))
    with tempfile.TemporaryDirectory(prefix="serment-b-") as name:
        env = instance_at(Path(name) / "state")
        given = restoring.Given(original.keys / "root.key", unmarked=not guarded)
        with pytest.raises(manifest.BackupNotOurs) if guarded else nullcontext():
            restoring.restore(env, forged, force=False, given=given)
        assert (env.state / "postgres").exists() != guarded


def test_an_interrupted_restore_is_no_instance_and_is_run_again(
    original: Environment, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = instance_at(tmp_path / "state")
    key = original.state / "keeper" / "root.key"

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(cluster, "run", stopped)
        with pytest.raises(KeyboardInterrupt):
            restoring.restore(env, backup, force=False, root_key=key)
    faults = [found.check for found in examination.before_start(env)]
    assert "restore" in faults
    restoring.restore(env, backup, force=False, root_key=key)
    assert "restore" not in [found.check for found in examination.before_start(env)]
    with cluster.answering(env), roles.connect(env.state, env.run, "serment") as root:
        assert root.execute("SELECT id FROM visit").fetchall() == [(42,)]


def test_a_stopped_backup_leaves_nothing_and_a_killed_one_is_told_from_a_whole(
    original: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keeper_probe, "back_up", stopped)
    with pytest.raises(KeyboardInterrupt):
        taking.take(original, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "killed").mkdir()
    (tmp_path / "killed" / manifest.DUMP).touch()
    with pytest.raises(manifest.BackupUnfinished):
        manifest.verified(tmp_path / "killed")


def test_a_backup_inside_the_state_folder_is_refused(original: Environment) -> None:
    with pytest.raises(taking.FolderInside):
        taking.take(original, original.state / "backup")
    assert not (original.state / "backup").exists()


def test_folder_in_use_and_empty_state_are_refused(original: Environment, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(taking.FolderInUse):
        taking.take(original, tmp_path)
    with pytest.raises(taking.NothingThere):
        taking.take(instance_at(tmp_path / "none"), tmp_path / "new")


def test_running_instance_is_not_restored_over(original: Environment, backup: Path) -> None:
    with alone(original.state), pytest.raises(AlreadyRunning):
        restoring.restore(original, backup, force=True)


def test_second_start_on_the_same_state_is_refused(original: Environment) -> None:
    with alone(original.state), pytest.raises(AlreadyRunning), alone(original.state):
        pass


def one_more_record(env: Environment) -> None:
    """Have the keeper write a leaf."""
    with cluster.keeping(env) as socket:
        apart(keeper_probe.ask(socket, "freeze", EVIDENCE))


def origin(env: Environment) -> str:
    with cluster.keeping(env) as socket:
        return apart(keeper_probe.figures(socket)).origin


def test_an_older_backup_is_refused_even_by_force_and_gone_on_with_by_two(
    original: Environment, backup: Path, tmp_path: Path
) -> None:
    env = instance_at(tmp_path / "state")
    key = original.state / "keeper" / "root.key"
    restoring.restore(env, backup, force=False, root_key=key)
    assert origin(env).count("/") == 1
    one_more_record(env)
    segment = (env.state / "keeper" / "segment.log").read_bytes()
    with pytest.raises(upkeep.BackupOlder):
        restoring.restore(env, backup, force=True)
    with pytest.raises(recovery.ApprovalsMissing):
        restoring.restore(env, backup, force=True, given=restoring.Given(approved=["Anne"]))
    assert (env.state / "keeper" / "segment.log").read_bytes() == segment
    two = restoring.Given(approved=["Anne Martin", "Jean Petit"])
    assert restoring.restore(env, backup, force=True, given=two).recovered
    assert origin(env).endswith("/2")
    # The same length again, nothing missing: no recovery, no new origin.
    (tmp_path / "again").mkdir()
    taking.take(env, tmp_path / "again" / "copy")
    assert not restoring.restore(env, tmp_path / "again" / "copy", force=True, given=two).recovered
    assert origin(env).endswith("/2")


def test_a_backup_past_its_time_is_refused_before_anything_changes(
    original: Environment, backup: Path, tmp_path: Path
) -> None:
    env = instance_at(tmp_path / "state")
    restoring.restore(env, backup, force=False, root_key=original.state / "keeper" / "root.key")
    one_more_record(env)  # an establishment's key, so that there is one to lose
    taking.take(env, tmp_path / "copy")
    hasty = replace(env, epoch_days=1e-9, backup_days=1e-9)
    for _ in range(2):
        with cluster.keeping(hasty) as socket:
            apart(keeper_probe.ask(socket, "tend", TendAsk()))
    taken = taking.take(hasty, tmp_path / "new")
    assert taken.files
    with pytest.raises(StoreTooOld):
        restoring.restore(env, tmp_path / "copy", force=True)
    restoring.restore(env, tmp_path / "new", force=True)  # the control: one of today


def test_a_root_key_that_has_to_be_asked_for_is_not_called_another_one(
    original: Environment, backup: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(original.state / "keeper", kept)
    at = Surroundings(kept, None, lambda _question: "five random words are better")
    changing.change(changing.Wanted("passphrase"), at, lambda _lines: None, until=0)
    env = replace(instance_at(tmp_path / "state"), keeper_keys=kept)

    def nobody(_question: str) -> str:
        raise Unanswered

    with pytest.raises(Unanswered, match="nobody can be asked"):
        restoring.restore(env, backup, force=False, given=restoring.Given(ask=nobody))
    given = restoring.Given(ask=lambda _question: "five random words are better")
    restoring.restore(env, backup, force=False, given=given)


def test_a_trial_never_signs_in_the_name_of_what_it_was_copied_of(
    original: Environment, backup: Path, tmp_path: Path
) -> None:
    key = original.state / "keeper" / "root.key"
    copy = instance_at(tmp_path / "copy")
    restoring.restore(copy, backup, force=False, root_key=key)
    assert origin(copy) == origin(original)  # the control: two who sign under one name
    beside = instance_at(tmp_path / "beside")
    given = restoring.Given(key, trial=True)
    restoring.restore(beside, backup, force=False, given=given)
    trial = replace(beside, trial=True)
    for _start in range(2):
        assert origin(trial) == f"{origin(original)}/trial/drill"
    # Neither takes the other's folder, whatever is forced.
    with pytest.raises(restoring.SomethingThere, match="never take"):
        restoring.restore(beside, backup, force=True, root_key=key)
    with pytest.raises(restoring.SomethingThere, match="never take"):
        restoring.restore(copy, backup, force=True, given=given)


def test_a_trial_reads_none_of_the_living_instance_s_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = (
        "SERMENT_KEEPER_KEYS", "SERMENT_KEY_BACKUP", "SERMENT_WITNESS_POLICY",
        "SERMENT_TIMESTAMP_CA",
    )  # fmt: skip
    for name in folders:
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("SERMENT_SMTP_URL", "smtp://localhost:2525")
    monkeypatch.setenv("SERMENT_STATE", str(tmp_path))
    monkeypatch.setenv("SERMENT_TIMESTAMP_URL", "https://tsa.example.org")
    living = environment.read()
    assert living.key_backup
    assert living.smtp_url
    assert living.timestamp_url
    (tmp_path / environment.TRIAL).touch()
    trial = environment.read()
    assert trial.trial
    held = (trial.keeper_keys, trial.key_backup, trial.witness_policy, trial.smtp_url)
    assert held == (None, None, None, None)
    assert (trial.timestamp_url, trial.timestamp_ca) == (None, None)


def test_a_lost_machine_comes_back_from_backup_root_key_and_key_backup(
    original: Environment, backup: Path, tmp_path: Path
) -> None:
    disk, key = tmp_path / "disk", tmp_path / "root.key"
    disk.mkdir()
    env = replace(instance_at(tmp_path / "state"), key_backup=disk)
    shutil.copy(original.state / "keeper" / "root.key", key)
    first = original.state / "keeper" / "root.key"
    restoring.restore(env, backup, force=False, root_key=first)
    with cluster.keeping(env) as socket:
        apart(keeper_probe.ask(socket, "freeze", EVIDENCE))
        apart(keeper_probe.ask(socket, "tend", TendAsk(advance=True)))
    shutil.rmtree(env.state)
    lost = instance_at(tmp_path / "new")
    # The root key alone has no vault beside it: nothing opens the backup, and that is what is said.
    with pytest.raises(restoring.NoVault, match=r"keys\.vault"):
        restoring.restore(lost, backup, force=False, root_key=key)
    given = restoring.Given(key, disk)
    with pytest.raises(upkeep.BackupOlder):
        restoring.restore(lost, backup, force=False, given=given)
    approved = restoring.Given(key, disk, ["Anne Martin", "Jean Petit"])
    assert restoring.restore(lost, backup, force=False, given=approved).recovered
    assert origin(lost).endswith("/2")

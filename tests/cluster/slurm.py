"""A Slurm cluster on this machine: one controller, some nodes, no root and no accounting needed.

    python tests/cluster/slurm.py up FOLDER     # then put FOLDER/bin first on PATH
    python tests/cluster/slurm.py down FOLDER
    python tests/cluster/slurm.py run COMMAND ...   # with a cluster of its own, as long as the command runs
    python tests/cluster/slurm.py probe             # ends with 1, and the reason, where there can be none

Where Slurm is not installed, its Debian packages are unpacked into the folder.
"""

import contextlib
import getpass
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from debian import NotHereError, unpack

COMMANDS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "sacct", "sacctmgr", "sshare")
DAEMONS = ("munged", "slurmctld", "slurmd")
NODES = ("node1", "node2", "node3")  # the third is for one who kills it
CPUS, MEMORY_MB = 8, 16000  # of a node; make-believe
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/run/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=20
SlurmctldTimeout=30
MessageTimeout=20
KillWait=5
MinJobAge=300
PropagatePrioProcess=1
InactiveLimit=0
Waittime=0
{plugins}PartitionName=main Nodes=node1,node2 Default=YES MaxTime=1-00:00:00 DefaultTime=01:00:00 State=UP
PartitionName=frail Nodes=node2,node3 MaxTime=1-00:00:00 DefaultTime=01:00:00 State=UP
"""


class Cluster:
    """A cluster with all its files in one folder. To use it, put its folder `bin` first on PATH."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.bin = self.folder / "bin"

    def run(self, *command, check=True) -> str:
        """Run one of Slurm's commands; return what it prints."""
        path = self.bin / command[0]
        return subprocess.run([path, *command[1:]], capture_output=True, text=True, check=check, timeout=600).stdout

    def start(self):
        """Bring it up, and wait until its nodes are idle.

        Raises
        ------
        NotHereError
        """
        shutil.rmtree(self.folder / "state", ignore_errors=True)  # of a cluster before
        for name in ("bin", "state", "log", "run", "munge", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        libraries = find_or_unpack(self.folder / "root")
        self._write_commands(libraries)
        self._write_configuration(libraries)
        key = self.folder / "munge/key"
        key.parent.chmod(0o700)
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        files = {"key-file": key, "seed-file": key.with_name("seed"), "log-file": self.folder / "log/munged.log"}
        files |= {"socket": self.folder / "run/munge.socket", "pid-file": self.folder / "run/munged.pid"}
        self._start("munged", "--force", *(f"--{name}={file}" for name, file in files.items()))
        self.start_controller()
        for node in NODES:
            self.start_node(node)

        def idle():
            return self.run("sinfo", "-h", "-N", "-t", "idle", "-o", "%N", check=False).split()

        wait_until(lambda: set(idle()) == set(NODES), 300, "the nodes are not idle")

    def start_controller(self):
        """Start slurmctld."""
        self._start("slurmctld")

    def start_node(self, node):
        """Start a node's slurmd."""
        self._start("slurmd", *self.step_daemon, "-N", node)

    def kill_controller(self):
        """End slurmctld at once."""
        self._kill("slurmctld", 9)

    def kill_node(self, node):
        """End a node at once with all that runs on it, as if its power failed."""
        jobs = self.run("squeue", "-h", "-w", node, "-o", "%i").split()
        self._kill(f"slurmd-{node}", 9)

        steps = re.compile(rf"slurmstepd\S*: \[({'|'.join(jobs)})\.")
        own = f"SLURM_CONF={self.folder}/", f"SLURMD_NODENAME={node}\0"
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                is_own = all(text in (process / "environ").read_text() for text in own)
                if is_own or steps.match((process / "cmdline").read_text()):
                    found.append(int(process.name))
        for signal in (19, 9):  # stopped first, so that none reports the end of another
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal)

    def stop(self):
        """Cancel all jobs, and end the daemons."""
        with contextlib.suppress(subprocess.TimeoutExpired, OSError):
            self.run("scancel", f"--user={getpass.getuser()}", check=False)
        for name in (*(f"slurmd-{node}" for node in NODES), "slurmctld", "munged"):
            self._kill(name, 15)

    def _write_commands(self, libraries):
        root = self.folder / "root"
        self.step_daemon = ["-d", str(root / "usr/sbin/slurmstepd-wlm")] if libraries else []
        for name in (*COMMANDS, *DAEMONS):
            places = [root / f"usr/{place}" for place in (f"bin/{name}", f"sbin/{name}-wlm", f"sbin/{name}")]
            program = next(filter(Path.exists, places)) if libraries else found(name)
            # Set here, for a job step is started without it.
            lines = ["#!/bin/sh", f"export SLURM_CONF={self.folder}/slurm.conf"]
            if libraries:
                lines.append(f"export LD_LIBRARY_PATH={libraries / 'slurm-wlm'}:{libraries}")
            (self.bin / name).write_text("\n".join([*lines, f'exec {program} "$@"', ""]))
            (self.bin / name).chmod(0o755)

    def _write_configuration(self, libraries):
        host, (port, *ports) = socket.gethostname().split(".")[0], free_ports(1 + len(NODES))
        plugins = f"PluginDir={libraries / 'slurm-wlm'}\n" if libraries else ""
        text = CONFIGURATION.format(host=host, port=port, user=getpass.getuser(), folder=self.folder, plugins=plugins)
        for node, own in zip(NODES, ports, strict=True):
            text += f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={own} CPUs={CPUS} "
            text += f"RealMemory={MEMORY_MB} Weight={len(NODES) - NODES.index(node)} State=UNKNOWN\n"
        (self.folder / "slurm.conf").write_text(text)

    def _start(self, name, *arguments):
        subprocess.run([self.bin / name, *arguments], check=True, timeout=600)

    def _kill(self, name, signal):
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.folder / f"run/{name}.pid").read_text())
            os.kill(pid, signal)
            wait_until(lambda: not is_alive(pid), 300, f"{name} does not end")


def found(name) -> str | None:
    """Find a program; daemons may lie where only root's PATH leads."""
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"]))


def find_or_unpack(root: Path) -> Path | None:
    """Find Slurm, or unpack its Debian packages with what they need; return where the libraries lie if it unpacks.

    Raises
    ------
    NotHereError
    """
    if all(map(found, (*COMMANDS, *DAEMONS))):
        return None
    unpack(["slurm-wlm", "munge"], root)
    plugins = next(root.glob("usr/lib/*/slurm-wlm"), None)
    if plugins is None:
        raise NotHereError("Slurm is installed in part, and Debian's packages do not add the rest")
    return plugins.parent


def is_alive(pid) -> bool:
    """Whether a process is running; one that has ended, but was not yet waited for, is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def free_ports(n):
    """Find ports that nobody listens at."""
    with contextlib.ExitStack() as sockets:
        made = [sockets.enter_context(socket.socket()) for _ in range(n)]
        for each in made:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in made]


def wait_until(fulfilled, seconds, problem, every=0.1):
    """Wait until something holds; otherwise raise a `TimeoutError` with the problem."""
    end = time.monotonic() + seconds
    while not fulfilled():
        if time.monotonic() > end:
            raise TimeoutError(f"{problem} after {seconds} s")
        time.sleep(every)


def main(word, *words) -> int:
    """Do what the first word says."""
    try:
        if word == "up":
            cluster = Cluster(words[0])
            cluster.start()
            print(f"export PATH={cluster.bin}:$PATH")
        elif word == "down":
            Cluster(words[0]).stop()
        elif word == "run":
            return run_with_a_cluster(words)
        else:
            with tempfile.TemporaryDirectory() as folder:
                find_or_unpack(Path(folder) / "root")
    except NotHereError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def run_with_a_cluster(command) -> int:
    """Run a command while a cluster is up; return how it ended."""
    with tempfile.TemporaryDirectory(prefix="slurm") as folder:
        cluster = Cluster(folder)
        try:
            cluster.start()
            path = f"{cluster.bin}{os.pathsep}{os.environ['PATH']}"
            environment = {**os.environ, "PATH": path, "EM_STUDY_TEST_CLUSTER": str(cluster.folder)}
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            cluster.stop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

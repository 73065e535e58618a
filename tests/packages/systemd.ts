/**
 * Boots a Debian with the .deb in it, its own systemd and a kernel of Debian in an emulated machine, and holds the units to
 * what they promise. Usage: npm run test:systemd. Takes minutes, so that it is not part of npm test.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchKernel } from '../kernels/debian.ts';
import { root, TemporaryFolder } from '../support/rezolus.ts';
import { Chroot, debianRoot } from './debian-root.ts';

const limitSeconds = 2400;

const units = ['rezolus', 'rezolus-exporter', 'rezolus-hindsight'];

const checkUnit = `[Service]
Type=oneshot
ExecStart=/bin/sh /check
[Install]
WantedBy=multi-user.target
`;

/** An emulated machine that shares its CPUs with others is slower than any that the limits of the units are for. */
const patience = '[Service]\nTimeoutStartSec=20min\nWatchdogSec=10min\n';

/** The whole system as an archive that Linux unpacks as its first root file system. */
function initramfs(path: string): void {
  using debian = new Chroot(debianRoot());
  const inside = (name: string) => join(debian.path, name);
  copyFileSync(globSync(join(root, 'build/packages/rezolus_*.deb'))[0]!, inside('rezolus.deb'));
  const { status, output } = debian.run('dpkg --install /rezolus.deb');
  assert.equal(status, 0, output);
  rmSync(inside('rezolus.deb'));
  copyFileSync(fileURLToPath(new URL('systemd-check.sh', import.meta.url)), inside('check'));
  writeFileSync(inside('etc/systemd/system/check.service'), checkUnit);
  for (const unit of units) {
    mkdirSync(inside(`etc/systemd/system/${unit}.service.d`));
    writeFileSync(inside(`etc/systemd/system/${unit}.service.d/patience.conf`), patience);
  }
  assert.equal(debian.run('systemctl enable check.service').status, 0);
  symlinkSync('sbin/init', inside('init'));
  execFileSync('sh', ['-c', `find . -xdev | busybox cpio -o -H newc >${path} 2>/dev/null`], {
    cwd: debian.path,
  });
}

/** Runs the machine until it ends itself; returns what the check said, which is also in a file while it runs. */
function boot(kernel: string, archive: string, log: string, report: string): string {
  const qemu = [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '3072'],
    ...['-nodefaults', '-display', 'none', '-no-reboot', '-kernel', kernel, '-initrd', archive],
    ...['-append', 'console=ttyS0 panic=-1 systemd.show_status=0'],
    ...['-serial', `file:${log}`, '-serial', `file:${report}`],
  ];
  execFileSync('timeout', ['--kill-after=5', String(limitSeconds), 'qemu-system-x86_64', ...qemu], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return readFileSync(report, 'utf8').replaceAll('\r', '');
}

execFileSync(process.execPath, ['scripts/package.ts', 'deb'], { cwd: root, stdio: 'inherit' });
using folder = new TemporaryFolder();
const archive = join(folder.path, 'initramfs');
initramfs(archive);
mkdirSync(join(root, 'test-results'), { recursive: true });
const log = join(root, 'test-results/systemd-console.log');
const began = performance.now();
const said = boot(
  fetchKernel(/^linux-image-6\.1\.\d[\d.-]*-amd64$/).image,
  archive,
  log,
  join(root, 'test-results/systemd-report.txt'),
);
console.log(said);
console.log(
  `the machine ran for ${((performance.now() - began) / 1000).toFixed(0)} s; its console is in ${log}`,
);

const value = (name: string): string => new RegExp(`^${name}: (.*?)\\s*$`, 'm').exec(said)?.[1] ?? 'nothing';
assert.equal(value('enabled'), 'enabled enabled disabled');
assert.equal(value('start'), '0');
for (const unit of units) {
  assert.equal(value(`${unit}-active`), 'active');
  assert.equal(value(`${unit}-type`), 'notify');
  assert.equal(value(`${unit}-user`), 'rezolus');
  // CAP_PERFMON is 38 and CAP_BPF 39; Seccomp 2 = a filter.
  const bounding = unit === 'rezolus' ? '000000c000000000' : '0000000000000000';
  assert.match(value(`${unit}-privileges`), new RegExp(`CapBnd: ${bounding} NoNewPrivs: 1 Seccomp: 2`));
  assert.equal(value(`${unit}-ended`), 'inactive success 0');
}
assert.match(said, /^status: \d\d healthy, /m);
// Debian lets nobody but root count events of the CPU; whoever wants them sets the sysctl.
const failed = [...said.matchAll(/^status: .*: (?:failed|degraded) \(.*/gm)].map(String);
assert.deepEqual(
  failed.filter((line) => !line.includes('perf_event_paranoid')),
  [],
);
assert.match(said, /^record: recorded 5s into .* \d{3,} series/m);
assert.equal(value('exporter'), 'rezolus_exporter_agent_up 1');
assert.equal(value('hindsight-reload'), '0');
assert.equal(value('hindsight-dump'), 'PAR1');
assert.equal(value('agent-reload'), '0');
assert.equal(value('agent-after-reload'), 'active');
assert.equal(value('stop'), '0');
assert.equal(value('purged'), '0');
console.log('ok');

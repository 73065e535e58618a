import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Poller } from '../src/index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('Poller', () => {
  it('calls at once and then once per interval', async () => {
    let calls = 0;
    const poller = new Poller(1000, async () => void calls++);
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(3500);
    expect(calls).toBe(4);
    expect(await poller.stop()).toBe(true);
    await vi.advanceTimersByTimeAsync(3000);
    expect(calls).toBe(4);
  });

  it('does not take 0 or a year for a millisecond', async () => {
    let calls = 0;
    const pollers = [0, 3.2e10].map((interval) => new Poller(interval, async () => void calls++));
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toBe(12);
    await Promise.all(pollers.map((poller) => poller.stop()));
  });

  it('goes on after an error, and shows it until a call succeeds', async () => {
    let fails = true;
    const poller = new Poller(1000, async () => {
      if (fails) throw new Error('no answer');
    });
    await poller.settled();
    expect(poller.error).toEqual(new Error('no answer'));
    fails = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(poller.error).toBeNull();
    await poller.stop();
  });

  it('never has two calls under way', async () => {
    let calls = 0;
    const call = Promise.withResolvers<void>();
    const poller = new Poller(1000, () => {
      calls++;
      return call.promise;
    });
    await vi.advanceTimersByTimeAsync(5000);
    expect(calls).toBe(1);
    call.resolve();
    await poller.settled();
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toBe(2);
    await poller.stop();
  });

  it('waits for the call under way when it is stopped, and not for ever', async () => {
    const call = Promise.withResolvers<void>();
    const patient = new Poller(1000, () => call.promise);
    const stuck = new Poller(1000, () => new Promise(() => {}));
    const ended = Promise.all([patient.stop(), stuck.stop(2000)]);
    call.resolve();
    await vi.advanceTimersByTimeAsync(2000);
    expect(await ended).toEqual([true, false]);
  });
});

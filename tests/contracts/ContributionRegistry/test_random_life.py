"""Random contributions, replacements, withdrawals, seals, leavings: all the way the chain equals a plain model."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest

from tests.contracts.support import collective as kit
from tests.contracts.support.collective import CLOSED, OPEN, SEALED, Record

MEMBERS = 4
FINGERPRINTS = [f"fp{i}" for i in range(6)]


@dataclass
class Model:
    """What the protocol says, by member index, epoch and fingerprint."""

    live: dict[tuple[int, int], Record] = field(default_factory=dict)
    version: dict[tuple[int, int], int] = field(default_factory=dict)
    used: dict[bytes, tuple[int, int]] = field(default_factory=dict)  # fingerprint -> (member, epoch)
    left: set[int] = field(default_factory=set)
    withdrawn: dict[int, list[int]] = field(default_factory=dict)
    sealed: dict[int, int] = field(default_factory=dict)  # epoch -> weight at the seal

    def contribute(self, member: int, epoch: int, record: Record) -> bool:
        """Whether it must be accepted; applied if so."""
        key = (member, epoch)
        owner = self.used.get(record.fingerprint)
        if member in self.left or (owner is not None and (owner != key or key not in self.live)):
            return False
        if key in self.live:
            del self.used[self.live[key].fingerprint]
        self.live[key], self.version[key], self.used[record.fingerprint] = record, record.version, key
        return True

    def weight(self, epoch: int) -> int:
        return sum(record.weight for (_, e), record in self.live.items() if e == epoch)


@pytest.mark.parametrize("seed", [5])
def test_invariants_5_6_15_hold_through_a_random_life(deploy, accounts, clock, refused, seed):
    random.seed(seed)
    dao, model = kit.Collective(deploy, accounts, minAge=0, dailyCap=10_000), Model()
    dao.join(*accounts[:MEMBERS])
    epoch, pool = 1, dao.open_epoch(clock)
    refusals = 0

    for step in range(75):
        clock.advance(random.choice([1, 5, 60]))
        member = random.randrange(MEMBERS)
        who, key = accounts[member], (member, epoch)
        live = model.live.get(key)
        action = random.choices(
            ["contribute", "withdraw", "stale", "seal", "leave", "withdraw sealed"], [55, 15, 10, 8, 6, 6]
        )[0]
        if action == "contribute":
            name = random.choice(FINGERPRINTS)
            version = model.version.get(key, 0) + 1
            fresh = Record.of(name, version, random.randrange(1, 200))
            record = replace(fresh, fingerprint=Record.of(name).fingerprint)
            if model.contribute(member, epoch, record):
                dao.contribute(who, record, live or kit.NO_RECORD, epoch=epoch)
            else:
                with refused("MemberHasLeft" if member in model.left else "FingerprintUsed"):
                    dao.contribute(who, record, live or kit.NO_RECORD, epoch=epoch)
                refusals += 1
        elif action == "withdraw" and live:
            dao.withdraw(who, live, epoch=epoch)
            del model.live[key], model.used[live.fingerprint]
            model.version[key] = live.version + 1
        elif action == "stale" and model.version.get(key, 0) > 0:
            old = Record.of("stale", random.randrange(1, model.version[key] + 1))
            with refused("MemberHasLeft" if member in model.left else "ContributionVersionWrong"):
                dao.contribute(who, old, live or kit.NO_RECORD, epoch=epoch)
        elif action == "seal":
            kit.close(dao, clock, pool, epoch)
            assert dao.state(pool) == CLOSED
            model.sealed[epoch] = model.weight(epoch)
            epoch += 1
            pool = dao.open_epoch(clock)
        elif action == "leave":
            if member in model.left:
                dao.join(who)
                model.left.discard(member)
            else:
                dao.membership.leave({"from": who})
                model.left.add(member)
        elif action == "withdraw sealed" and epoch > 1:
            past = random.randrange(1, epoch)
            order = model.withdrawn.setdefault(past, [])
            if (member, past) in model.live and member not in order:
                dao.withdraw(who, model.live[member, past], epoch=past)
                order.append(member)
        if step % 3 == 2:
            _compare(dao, model, accounts, epoch)

    assert refusals > 3
    assert len(model.sealed) > 2


def _compare(dao, model: Model, accounts, epoch: int) -> None:
    for name in FINGERPRINTS:
        fingerprint = Record.of(name).fingerprint
        owner = model.used.get(fingerprint)
        expected = (False, 0) if owner is None else (True, owner[0])
        assert dao.registry.fingerprintOf(dao.scope, fingerprint) == expected
    for e in range(max(1, epoch - 1), epoch + 1):
        pool = kit.pool_id(dao.scope, e)
        weights = [model.live[m, e].weight if (m, e) in model.live else 0 for m in range(MEMBERS)]
        assert [dao.token.weightOf(m, pool) for m in range(MEMBERS)] == weights
        assert dao.token.totalSupply(pool) == sum(weights)
        assert dao.state(pool) == (SEALED if e in model.sealed else OPEN)
        if e in model.sealed:
            assert dao.token.totalSupply(pool) == model.sealed[e]
        order = model.withdrawn.get(e, [])
        ordinals = [order.index(m) + 1 if m in order else 0 for m in range(MEMBERS)]
        assert [dao.registry.withdrawalOrdinal(pool, m) for m in range(MEMBERS)] == ordinals
    lives = [sum(1 for (who, _) in model.live if who == m) for m in range(MEMBERS)]
    assert [dao.membership.memberOf(accounts[m])[5] for m in range(MEMBERS)] == lives
    assert dao.membership.activeMembers() == sum(1 for m in range(MEMBERS) if lives[m] and m not in model.left)

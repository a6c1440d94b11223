// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IContributionRegistry} from "./interfaces/IContributionRegistry.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {CompactSignature} from "./libraries/CompactSignature.sol";
import {PackedLanes} from "./libraries/PackedLanes.sol";
import {RegistryPools} from "./RegistryPools.sol";

/// @title What was contributed and attested
/// @notice See IContributionRegistry. Validators are in RegistryValidators, scopes and pools in RegistryPools.
/// @dev One slot per live contribution, keyed by (scope, fingerprint): a 224-bit commitment to pool, version, weight,
/// content and report, and the member number + 1. Who changes it shows the record; the slot proves it is the live one.
/// 224 bits: finding two records with one commitment takes about 2^112 hashes, and both would need attestations.
/// The weight in ContributionToken says whether a member has a live contribution in a pool (weight > 0).
/// Calls go only to this collective's own contracts, which call nobody.
contract ContributionRegistry is RegistryPools {
    using PackedLanes for mapping(uint256 => uint256);

    bytes32 private constant CONTRIBUTION_TYPE = keccak256(
        "Contribution(address member,bytes32 scopeId,uint64 epoch,uint32 version,bytes32 content,uint32 weight,bytes32 fingerprint,bytes32 report,uint64 expiry)"
    );
    bytes32 private constant CONTRIBUTIONS_TYPE = keccak256("Contributions(bytes32 itemsHash,uint64 expiry)");
    bytes32 private constant CONSENT_TYPE =
        keccak256("Consent(bytes32 scopeId,uint64 epoch,uint32 version,bytes32 content,uint64 expiry)");
    bytes32 private constant WITHDRAWAL_TYPE =
        keccak256("Withdrawal(bytes32 scopeId,uint64 epoch,uint32 version,uint64 expiry)");

    /// @dev Of IMembershipToken.Member.flags.
    uint8 private constant MEMBER_LEFT = 1;
    uint8 private constant MEMBER_WITHDREW = 64;
    uint256 private constant NUMBER_BITS = 32;
    /// @dev Of a BatchItem, which is static, so its calldata is its encoding.
    uint256 private constant ITEM_BYTES = 6 * 32;

    /// @dev What every item of a batch is measured by.
    /// @param separator EIP-712's, of this contract.
    /// @param next Smallest member number that may still be recorded.
    struct Batch {
        bytes32 separator;
        uint256 id;
        bytes32 scopeId;
        uint64 epoch;
        uint32 maxWeight;
        uint8 height;
        uint256 next;
    }

    mapping(bytes32 scopeId => mapping(bytes32 fingerprint => uint256 commitmentAndNumber)) private _fingerprints;
    mapping(uint256 poolId => mapping(uint256 word => uint256 lanes)) private _tombstones;
    mapping(uint256 poolId => mapping(uint256 word => uint256 lanes)) private _ordinals;
    mapping(uint256 poolId => uint256) private _withdrawals;

    constructor(Deployment memory deployment) RegistryPools(deployment) {}

    // ------------------------------------------------------------- contribute

    /// @inheritdoc IContributionRegistry
    function contribute(
        Target calldata target,
        Record calldata record,
        Record calldata live,
        uint64 expiry,
        bytes calldata attestations,
        uint64 consentExpiry,
        bytes calldata consent
    ) external override {
        Target memory t = target;
        Record memory r = record;
        uint256 id = poolId(t.scopeId, t.epoch);
        uint8 height_ = _admit(id, t, r, expiry, attestations);
        if (msg.sender != t.member) {
            bytes32 structHash =
                keccak256(abi.encode(CONSENT_TYPE, t.scopeId, t.epoch, r.version, r.content, consentExpiry));
            _requireConsent(t.member, structHash, consentExpiry, consent);
        }
        uint32 number = _replace(id, t, r, live);
        if (uint256(number) >> height_ != 0) revert LeafOutOfRange(number, height_);
        emit ContributionRecorded(id, t.member, number, r.version, r.weight, r.content, r.fingerprint, r.report);
    }

    /// @dev Everything that does not depend on the member.
    /// @return H of the pool.
    function _admit(uint256 id, Target memory t, Record memory r, uint64 expiry, bytes calldata attestations)
        private
        returns (uint8)
    {
        (Pool memory p, PoolState state) = _meet(id);
        _requireCollecting(id, p, state, expiry);
        if (r.weight == 0 || r.weight > p.maxWeight) revert WeightOutOfRange(r.weight, p.maxWeight);
        bytes32 structHash = keccak256(
            abi.encode(
                CONTRIBUTION_TYPE,
                t.member,
                t.scopeId,
                t.epoch,
                r.version,
                r.content,
                r.weight,
                r.fingerprint,
                r.report,
                expiry
            )
        );
        _requireAttested(_hashTypedDataV4(structHash), attestations, p.attestations, 1);
        return p.height;
    }

    /// @dev The pool takes contributions, under a key that is still used, and attestations with this expiry.
    function _requireCollecting(uint256 id, Pool memory p, PoolState state, uint64 expiry) private view {
        if (state != PoolState.Open && state != PoolState.Announced) revert PoolNotOpen(id, state);
        if (!committee.isActive(p.generation)) revert GenerationUnusable(p.generation);
        if (block.timestamp > expiry) revert AttestationExpired(expiry, block.timestamp);
    }

    /// @dev Puts `r` in the place of `live`, or of nothing. A revert anywhere undoes all of it.
    function _replace(uint256 id, Target memory t, Record memory r, Record calldata live)
        private
        returns (uint32 number)
    {
        bool isNew = live.version == 0;
        uint8 flags;
        if (isNew) {
            (number, flags) = membership.contributionAdded(t.member);
        } else {
            IMembershipToken.Member memory member = membership.memberOf(t.member);
            if (member.number == 0) revert IMembershipToken.MemberUnknown(t.member);
            if (member.flags & MEMBER_LEFT != 0) revert IMembershipToken.MemberHasLeft(t.member);
            number = member.number - 1;
        }
        mapping(bytes32 => uint256) storage taken = _fingerprints[t.scopeId];
        // The weight before says whether there is a live contribution.
        if (isNew != (token.setWeight(t.member, number, id, r.weight) == 0)) revert RecordMismatch(live.fingerprint);
        uint32 before;
        if (!isNew) {
            _requireLive(taken, id, number, live);
            before = live.version;
        } else if (flags & MEMBER_WITHDREW != 0) {
            before = _tombstones[id].get(number);
        }
        if (r.version != before + 1) revert ContributionVersionWrong(r.version, before + 1);
        if (isNew || r.fingerprint != live.fingerprint) {
            if (taken[r.fingerprint] != 0) revert FingerprintUsed(t.scopeId, r.fingerprint);
            if (!isNew) delete taken[live.fingerprint];
        }
        taken[r.fingerprint] = _commitment(id, number, r);
    }

    // --------------------------------------------------- contribute in a batch

    /// @inheritdoc IContributionRegistry
    function contributeBatch(
        bytes32 scopeId,
        uint64 epoch,
        BatchItem[] calldata items,
        BatchConsent[] calldata consents,
        Record[] calldata lives,
        uint64 expiry,
        bytes calldata attestations
    ) external override returns (uint256 recorded) {
        if (consents.length != items.length) revert ConsentsMissing(consents.length, items.length);
        uint256 id = poolId(scopeId, epoch);
        (Pool memory p, PoolState state) = _meet(id);
        _requireCollecting(id, p, state, expiry);
        Batch memory batch = Batch(_domainSeparatorV4(), id, scopeId, epoch, p.maxWeight, p.height, 0);
        (uint256[] memory standings, uint256[] memory weights) = _stateOfMembers(id, items);

        address[] memory added = new address[](items.length);
        uint256[] memory shares = new uint256[](items.length);
        uint256 new_;
        unchecked {
            for (uint256 i; i < items.length; ++i) {
                address member = items[i].member;
                Record memory r = items[i].record;
                (bool ok, ContributionSkipReason reason) =
                    _judge(batch, standings[i], weights[i], member, r, consents[i], lives);
                if (!ok) {
                    emit ContributionSkipped(id, member, r.version, reason);
                    continue;
                }
                if (weights[i] == 0) added[new_++] = member;
                else delete _fingerprints[scopeId][lives[consents[i].replaces - 1].fingerprint];
                shares[recorded++] = _record(batch, uint32(standings[i]) - 1, member, r);
            }
        }
        assembly ("memory-safe") {
            mstore(shares, recorded)
            mstore(added, new_)
        }
        bytes32 structHash = keccak256(abi.encode(CONTRIBUTIONS_TYPE, _itemsHash(scopeId, epoch, items), expiry));
        _requireAttested(_hashTypedDataV4(structHash), attestations, p.attestations, recorded);
        membership.contributionsAdded(added);
        token.setWeights(id, shares);
    }

    /// @dev `IMembershipToken.standings` and the weights in the pool, for each item.
    function _stateOfMembers(uint256 id, BatchItem[] calldata items)
        private
        view
        returns (uint256[] memory standings, uint256[] memory weights)
    {
        address[] memory members = new address[](items.length);
        for (uint256 i; i < items.length; ++i) members[i] = items[i].member;
        standings = membership.standings(members);
        uint256[] memory numbers = new uint256[](items.length);
        for (uint256 i; i < items.length; ++i) {
            uint32 numberPlusOne = uint32(standings[i]);
            if (numberPlusOne != 0) numbers[i] = numberPlusOne - 1;
        }
        weights = token.weightsOf(id, numbers);
    }

    /// @dev Whether an item is to be recorded, `reason` if not. The rules of `contribute`, in the order of their price.
    /// @param standing As `IMembershipToken.standings` gives it. @param weight The member's weight in the pool before.
    function _judge(
        Batch memory batch,
        uint256 standing,
        uint256 weight,
        address member,
        Record memory r,
        BatchConsent calldata consent,
        Record[] calldata lives
    ) private view returns (bool, ContributionSkipReason) {
        uint32 number = uint32(standing);
        if (number == 0) return (false, ContributionSkipReason.NotAMember);
        unchecked {
            --number;
        }
        uint256 flags = standing >> NUMBER_BITS;
        if (flags & MEMBER_LEFT != 0) return (false, ContributionSkipReason.MemberHasLeft);
        // Ascending, so that `weight` cannot have changed since it was read.
        if (number < batch.next) return (false, ContributionSkipReason.NumberNotAscending);
        if (uint256(number) >> batch.height != 0) return (false, ContributionSkipReason.LeafOutOfRange);
        if (r.weight == 0 || r.weight > batch.maxWeight) return (false, ContributionSkipReason.WeightOutOfRange);

        mapping(bytes32 => uint256) storage taken = _fingerprints[batch.scopeId];
        uint256 replaces = consent.replaces;
        if ((weight == 0) != (replaces == 0) || replaces > lives.length) {
            return (false, ContributionSkipReason.RecordMismatch);
        }
        uint256 before;
        bool keepsFingerprint;
        if (replaces != 0) {
            Record calldata live = lives[replaces - 1];
            if (taken[live.fingerprint] != _commitment(batch.id, number, live)) {
                return (false, ContributionSkipReason.RecordMismatch);
            }
            before = live.version;
            keepsFingerprint = r.fingerprint == live.fingerprint;
        } else if (flags & MEMBER_WITHDREW != 0) {
            before = _tombstones[batch.id].get(number);
        }
        if (r.version != before + 1) return (false, ContributionSkipReason.VersionWrong);
        if (!keepsFingerprint && taken[r.fingerprint] != 0) return (false, ContributionSkipReason.FingerprintUsed);

        uint64 expiry = consent.expiry;
        if (block.timestamp > expiry) return (false, ContributionSkipReason.ConsentExpired);
        bytes32 structHash =
            keccak256(abi.encode(CONSENT_TYPE, batch.scopeId, batch.epoch, r.version, r.content, expiry));
        bytes32 digest = MessageHashUtils.toTypedDataHash(batch.separator, structHash);
        // A member is never the zero address, which stands for no signer.
        bool ok = CompactSignature.recover(digest, consent.r, consent.vs) == member;
        return (ok, ContributionSkipReason.ConsentInvalid);
    }

    /// @dev Writes a judged item; its weight is left to the caller, and the fingerprint that it gives up.
    /// @return share As `IContributionToken.setWeights` takes it.
    function _record(Batch memory batch, uint32 number, address member, Record memory r)
        private
        returns (uint256 share)
    {
        _fingerprints[batch.scopeId][r.fingerprint] = _commitment(batch.id, number, r);
        batch.next = uint256(number) + 1;
        emit ContributionRecorded(
            batch.id, member, number, r.version, r.weight, r.content, r.fingerprint, r.report
        );
        return uint256(r.weight) << 192 | uint256(number) << 160 | uint160(member);
    }

    /// @dev keccak256(abi.encode(scopeId, epoch, items)), by one copy. Bits beyond a field's type would give a hash that no
    /// validator signs.
    function _itemsHash(bytes32 scopeId, uint64 epoch, BatchItem[] calldata items) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            let size := mul(items.length, ITEM_BYTES)
            mstore(m, scopeId)
            mstore(add(m, 0x20), epoch)
            mstore(add(m, 0x40), 0x60)
            mstore(add(m, 0x60), items.length)
            calldatacopy(add(m, 0x80), items.offset, size)
            hash := keccak256(m, add(0x80, size))
        }
    }

    // --------------------------------------------------------------- withdraw

    /// @inheritdoc IContributionRegistry
    /// @dev Works for who has left, and under a retired key.
    function withdraw(Target calldata target, Record calldata live, uint64 consentExpiry, bytes calldata consent)
        external
        override
    {
        uint256 id = poolId(target.scopeId, target.epoch);
        (, PoolState state) = _meet(id);
        uint32 number = membership.numberOf(target.member);
        if (token.weightOf(number, id) == 0) revert ContributionMissing(id, target.member);
        _requireLive(_fingerprints[target.scopeId], id, number, live);
        if (msg.sender != target.member) {
            bytes32 structHash =
                keccak256(abi.encode(WITHDRAWAL_TYPE, target.scopeId, target.epoch, live.version, consentExpiry));
            _requireConsent(target.member, structHash, consentExpiry, consent);
        }

        if (state == PoolState.Sealed) {
            _exclude(id, target.member, number);
        } else {
            uint32 tombstone = live.version + 1;
            delete _fingerprints[target.scopeId][live.fingerprint];
            _tombstones[id].set(number, tombstone);
            token.setWeight(target.member, number, id, 0);
            membership.contributionRemoved(target.member);
            emit ContributionWithdrawn(id, target.member, number, tombstone);
        }
    }

    function _exclude(uint256 id, address member, uint32 number) private {
        if (_ordinals[id].get(number) != 0) revert AlreadyWithdrawn(id, number);
        uint256 ordinal = ++_withdrawals[id];
        _ordinals[id].set(number, uint32(ordinal)); // at most one per member number, so it fits
        membership.markExcluded(member);
        emit PoolWithdrawal(id, member, number, uint32(ordinal));
    }

    // ----------------------------------------------------------------- checks

    function _requireConsent(address member, bytes32 structHash, uint64 expiry, bytes calldata consent) private view {
        if (block.timestamp > expiry) revert ConsentExpired(expiry, block.timestamp);
        (bool ok, address signer) = CompactSignature.isBy(_hashTypedDataV4(structHash), consent, member);
        if (!ok) revert ConsentInvalid(member, signer);
    }

    function _requireLive(
        mapping(bytes32 => uint256) storage taken,
        uint256 id,
        uint32 number,
        Record calldata live
    ) private view {
        if (taken[live.fingerprint] != _commitment(id, number, live)) revert RecordMismatch(live.fingerprint);
    }

    function _commitment(uint256 id, uint32 number, Record memory record) private pure returns (uint256) {
        bytes32 digest = keccak256(abi.encode(id, record.version, record.weight, record.content, record.report));
        return (uint256(digest) << NUMBER_BITS) | (uint256(number) + 1);
    }

    // ---------------------------------------------------------------- reading

    /// @inheritdoc IContributionRegistry
    function withdrawnVersion(uint256 id, uint32 number) external view override returns (uint32) {
        return _tombstones[id].get(number);
    }

    /// @inheritdoc IContributionRegistry
    function fingerprintOf(bytes32 scopeId, bytes32 fingerprint)
        external
        view
        override
        returns (bool used, uint32 number)
    {
        uint32 numberPlusOne = uint32(_fingerprints[scopeId][fingerprint]);
        used = numberPlusOne != 0;
        number = used ? numberPlusOne - 1 : 0;
    }

    /// @inheritdoc IContributionRegistry
    function withdrawals(uint256 id) external view override returns (uint32) {
        return uint32(_withdrawals[id]);
    }

    /// @inheritdoc IContributionRegistry
    function withdrawalOrdinal(uint256 id, uint32 number) external view override returns (uint32) {
        return _ordinals[id].get(number);
    }
}

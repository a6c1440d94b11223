// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

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
    bytes32 private constant CONSENT_TYPE =
        keccak256("Consent(bytes32 scopeId,uint64 epoch,uint32 version,bytes32 content,uint64 expiry)");
    bytes32 private constant WITHDRAWAL_TYPE =
        keccak256("Withdrawal(bytes32 scopeId,uint64 epoch,uint32 version,uint64 expiry)");

    /// @dev Of IMembershipToken.Member.flags.
    uint8 private constant MEMBER_LEFT = 1;
    uint8 private constant MEMBER_WITHDREW = 64;
    uint256 private constant NUMBER_BITS = 32;

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
        if (state != PoolState.Open && state != PoolState.Announced) revert PoolNotOpen(id, state);
        if (!committee.isActive(p.generation)) revert GenerationUnusable(p.generation);
        if (r.weight == 0 || r.weight > p.maxWeight) revert WeightOutOfRange(r.weight, p.maxWeight);
        if (block.timestamp > expiry) revert AttestationExpired(expiry, block.timestamp);
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
        _requireAttested(_hashTypedDataV4(structHash), attestations, p.attestations);
        return p.height;
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

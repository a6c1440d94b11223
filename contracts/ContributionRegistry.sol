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
        uint256 id = poolId(target.scopeId, target.epoch);
        (uint32 number, uint8 flags) = _admit(id, target, record, expiry, attestations);
        if (msg.sender != target.member) {
            bytes32 structHash = keccak256(
                abi.encode(
                    CONSENT_TYPE, target.scopeId, target.epoch, record.version, record.content, consentExpiry
                )
            );
            _requireConsent(target.member, structHash, consentExpiry, consent);
        }

        // The weight before says which rule holds, so it is swapped first; a revert below undoes it.
        mapping(bytes32 => uint256) storage taken = _fingerprints[target.scopeId];
        bool isNew = token.setWeight(target.member, number, id, record.weight) == 0;
        uint32 before;
        if (!isNew) {
            _requireLive(taken, id, number, live);
            before = live.version;
        } else if (flags & MEMBER_WITHDREW != 0) {
            before = _tombstones[id].get(number);
        }
        if (record.version != before + 1) revert ContributionVersionWrong(record.version, before + 1);
        if (isNew || record.fingerprint != live.fingerprint) {
            if (taken[record.fingerprint] != 0) revert FingerprintUsed(target.scopeId, record.fingerprint);
            if (!isNew) delete taken[live.fingerprint];
        }
        taken[record.fingerprint] = _commitment(id, number, record);
        if (isNew) membership.contributionAdded(target.member);

        emit ContributionRecorded(
            id,
            target.member,
            number,
            record.version,
            record.weight,
            record.content,
            record.fingerprint,
            record.report
        );
    }

    /// @dev Everything that does not depend on what the member contributed before.
    function _admit(
        uint256 id,
        Target calldata target,
        Record calldata record,
        uint64 expiry,
        bytes calldata attestations
    ) private returns (uint32 number, uint8 flags) {
        (Pool memory p, PoolState state) = _meet(id);
        if (state != PoolState.Open && state != PoolState.Announced) revert PoolNotOpen(id, state);
        if (!committee.isActive(p.generation)) revert GenerationUnusable(p.generation);

        IMembershipToken.Member memory member = membership.memberOf(target.member);
        if (member.number == 0) revert IMembershipToken.MemberUnknown(target.member);
        if (member.flags & MEMBER_LEFT != 0) revert IMembershipToken.MemberHasLeft(target.member);
        (number, flags) = (member.number - 1, member.flags);
        if (uint256(number) >> p.height != 0) revert LeafOutOfRange(number, p.height);
        if (record.weight == 0 || record.weight > p.maxWeight) revert WeightOutOfRange(record.weight, p.maxWeight);

        if (block.timestamp > expiry) revert AttestationExpired(expiry, block.timestamp);
        bytes32 structHash = keccak256(
            abi.encode(
                CONTRIBUTION_TYPE,
                target.member,
                target.scopeId,
                target.epoch,
                record.version,
                record.content,
                record.weight,
                record.fingerprint,
                record.report,
                expiry
            )
        );
        _requireAttested(_hashTypedDataV4(structHash), attestations, p.attestations);
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

    function _commitment(uint256 id, uint32 number, Record calldata record) private pure returns (uint256) {
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

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IContributionRegistry} from "./interfaces/IContributionRegistry.sol";
import {IContributionToken} from "./interfaces/IContributionToken.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {RegistryValidators} from "./RegistryValidators.sol";

/// @title Scopes, and the pools that open, age and seal
/// @notice The pool half of the registry. The state table is in IContributionRegistry.
abstract contract RegistryPools is RegistryValidators {
    /// @notice What a registry is deployed with; all of it is displayed to whoever joins.
    /// @param validators Strictly one entry each, none zero, at most 255.
    /// @param attestationsRequired m of the first epochs, 1 .. validators.
    /// @param maxWeight Of the first epochs, at least 1.
    /// @param height H of every pool, 1 .. 32.
    /// @param minAge Seconds from opening until anyone may announce the seal, at most 366 days.
    /// @param minWeight Pool weight from which anyone may announce the seal, at least 1.
    /// @param notice Seconds from announcement to closing, 1 s .. 366 days.
    /// @param dailyCap Attestations per validator and day, at least 1.
    struct Deployment {
        address membership;
        address token;
        address committee;
        address timelock;
        address[] validators;
        uint8 attestationsRequired;
        uint32 maxWeight;
        uint8 height;
        uint32 minAge;
        uint64 minWeight;
        uint32 notice;
        uint32 dailyCap;
        ScopeDefinition[] scopes;
    }

    /// @param registered Is a scope.
    /// @param latestEpoch 0 until the first is opened.
    struct Scope {
        bool registered;
        uint64 latestEpoch;
    }

    bytes32 private constant SCOPE_TAG = keccak256("unwrapped-dao/scope/v1");
    uint256 private constant LONGEST_WAIT = 366 days;
    uint256 private constant HIGHEST_TREE = 32;

    IMembershipToken public immutable membership;
    IContributionToken public immutable token;
    IKeyCommittee public immutable committee;

    /// @notice Tree height of every pool.
    uint8 public immutable height;
    /// @notice Seconds from opening until anyone may announce the seal.
    uint32 public immutable minAge;
    /// @notice Pool weight from which anyone may announce the seal, and below which it is cancelled.
    uint64 public immutable minWeight;
    /// @notice Seconds from announcement to closing.
    uint32 public immutable notice;

    mapping(uint256 poolId => Pool) private _pools;
    mapping(bytes32 scopeId => Scope) private _scopes;
    mapping(bytes32 scopeId => mapping(bytes32 purpose => bool)) private _purposes;
    mapping(uint256 index => uint256 poolId) private _poolIds;
    uint32 private _poolsEver;

    constructor(Deployment memory d)
        RegistryValidators(d.timelock, d.validators, d.attestationsRequired, d.maxWeight, d.dailyCap)
    {
        _requireWithin(d.height, 1, HIGHEST_TREE);
        _requireWithin(d.minAge, 0, LONGEST_WAIT);
        _requireWithin(d.minWeight, 1, type(uint64).max);
        _requireWithin(d.notice, 1, LONGEST_WAIT);
        membership = IMembershipToken(d.membership);
        token = IContributionToken(d.token);
        committee = IKeyCommittee(d.committee);
        height = d.height;
        minAge = d.minAge;
        minWeight = d.minWeight;
        notice = d.notice;
        for (uint256 i; i < d.scopes.length; ++i) _registerScope(d.scopes[i]);
    }

    // ----------------------------------------------------------------- scopes

    /// @inheritdoc IContributionRegistry
    function registerScope(ScopeDefinition calldata definition)
        external
        override
        onlyTimelock
        returns (bytes32 scopeId)
    {
        return _registerScope(definition);
    }

    function _registerScope(ScopeDefinition memory definition) private returns (bytes32 scopeId) {
        bytes32[] memory purposes = definition.purposes;
        scopeId = keccak256(
            abi.encode(SCOPE_TAG, definition.schemaDigest, purposes, definition.baseTermsDigest)
        );
        if (_scopes[scopeId].registered) revert ScopeAlreadyRegistered(scopeId);
        if (purposes.length == 0) revert ScopePurposesInvalid();
        bytes32 previous;
        for (uint256 i; i < purposes.length; ++i) {
            if (purposes[i] <= previous) revert ScopePurposesInvalid();
            previous = purposes[i];
            _purposes[scopeId][previous] = true;
        }
        _scopes[scopeId].registered = true;
        emit ScopeRegistered(scopeId, definition.schemaDigest, purposes, definition.baseTermsDigest);
    }

    // ---------------------------------------------------------------- opening

    /// @notice Open the next epoch of a scope. Caller: anyone. The pool keeps today's generation, m and maxWeight for ever.
    /// @param week Of the heartbeat, seconds / 604800. @param heartbeat The committee key's signature of that week.
    function openEpoch(bytes32 scopeId, uint64 week, uint256[2] calldata heartbeat)
        external
        override
        returns (uint256 id)
    {
        Scope memory scope = _scopes[scopeId];
        if (!scope.registered) revert ScopeUnknown(scopeId);
        if (scope.latestEpoch != 0) {
            uint256 before = poolId(scopeId, scope.latestEpoch);
            (, PoolState state) = _meet(before);
            if (state != PoolState.Sealed) revert PoolStateWrong(before, state, PoolState.Sealed);
        }
        uint32 generation = committee.currentGeneration();
        if (generation == 0) revert GenerationUnusable(generation);
        committee.requireHeartbeat(generation, week, heartbeat);

        uint64 epoch = scope.latestEpoch + 1;
        uint32 index = _poolsEver + 1;
        id = poolId(scopeId, epoch);
        _scopes[scopeId].latestEpoch = epoch;
        _poolsEver = index;
        _poolIds[index] = id;
        _pools[id] = Pool({
            index: index,
            generation: generation,
            members: 0,
            maxWeight: maxWeight(),
            openedAt: uint40(block.timestamp),
            sealsAt: 0,
            height: height,
            attestations: attestationsRequired(),
            votedSeal: false,
            isSealed: false
        });
        emit EpochOpened(scopeId, epoch, id, generation, index);
    }

    // ---------------------------------------------------------------- sealing

    /// @notice Announce that a pool closes after `notice`. Caller: anyone, once it is old and heavy enough.
    function announceSeal(bytes32 scopeId, uint64 epoch) external override {
        uint256 id = poolId(scopeId, epoch);
        uint256 announceableAt = _requireOpen(id) + minAge;
        if (block.timestamp < announceableAt) revert PoolTooYoung(id, announceableAt);
        uint256 weight = token.totalSupply(id);
        if (weight < minWeight) revert PoolTooLight(id, weight, minWeight);
        _announce(id, false);
    }

    /// @notice The same by vote, at any age and weight. Caller: the timelock. Such a seal is never cancelled.
    function announceSealByVote(bytes32 scopeId, uint64 epoch) external override onlyTimelock {
        uint256 id = poolId(scopeId, epoch);
        _requireOpen(id);
        _announce(id, true);
    }

    /// @notice Record the seal of a Closed pool, or its cancellation. Caller: anyone.
    function seal(bytes32 scopeId, uint64 epoch) external override {
        uint256 id = poolId(scopeId, epoch);
        Pool memory p = _load(id);
        PoolState state = _stateOf(p);
        if (state != PoolState.Closed) revert PoolStateWrong(id, state, PoolState.Closed);
        _recordClosing(id, p);
    }

    function _requireOpen(uint256 id) private returns (uint256 openedAt) {
        (Pool memory p, PoolState state) = _meet(id);
        if (state != PoolState.Open) revert PoolStateWrong(id, state, PoolState.Open);
        return p.openedAt;
    }

    function _announce(uint256 id, bool voted) private {
        uint40 sealsAt = uint40(block.timestamp + notice);
        _pools[id].sealsAt = sealsAt;
        _pools[id].votedSeal = voted;
        emit SealAnnounced(id, sealsAt, voted);
    }

    /// @dev The pool as a write finds it: a Closed one is sealed, or opened again, before anything else happens to it.
    function _meet(uint256 id) internal returns (Pool memory p, PoolState state) {
        p = _load(id);
        state = _stateOf(p);
        if (state == PoolState.Closed) state = _recordClosing(id, p);
    }

    /// @dev Changes `p` in memory and in storage. Weights cannot have moved since `sealsAt`, since every write came by here.
    function _recordClosing(uint256 id, Pool memory p) private returns (PoolState) {
        uint256 weight = token.totalSupply(id);
        if (!p.votedSeal && weight < minWeight) {
            p.sealsAt = 0;
            _pools[id].sealsAt = 0;
            emit SealCancelled(id, weight, minWeight);
            return PoolState.Open;
        }
        uint256 leaves = 1 << p.height;
        uint256 ever = membership.membersEver();
        p.members = uint32(ever < leaves ? ever : leaves); // ever < 2^32, so this fits also for height 32
        p.isSealed = true;
        _pools[id] = p;
        emit PoolSealed(id, p.members, weight);
        return PoolState.Sealed;
    }

    // ---------------------------------------------------------------- reading

    /// @inheritdoc IContributionRegistry
    function poolId(bytes32 scopeId, uint64 epoch) public pure override returns (uint256) {
        return uint256(keccak256(abi.encode(scopeId, epoch)));
    }

    /// @inheritdoc IContributionRegistry
    function pool(uint256 id) external view override returns (Pool memory) {
        return _load(id);
    }

    /// @inheritdoc IContributionRegistry
    function poolIdOf(uint32 index) external view override returns (uint256) {
        return _poolIds[index];
    }

    /// @inheritdoc IContributionRegistry
    function poolsEver() external view override returns (uint32) {
        return _poolsEver;
    }

    /// @inheritdoc IContributionRegistry
    function stateOf(uint256 id) external view override returns (PoolState) {
        return _stateOf(_load(id));
    }

    /// @inheritdoc IContributionRegistry
    function latestEpoch(bytes32 scopeId) external view override returns (uint64) {
        return _scopes[scopeId].latestEpoch;
    }

    /// @inheritdoc IContributionRegistry
    function isScope(bytes32 scopeId) external view override returns (bool) {
        return _scopes[scopeId].registered;
    }

    /// @inheritdoc IContributionRegistry
    function isPurposeAllowed(bytes32 scopeId, bytes32 purpose) external view override returns (bool) {
        return _purposes[scopeId][purpose];
    }

    /// @dev One read. The compiler would read the slot once for each field. Memory holds one word per field, in order.
    function _load(uint256 id) private view returns (Pool memory p) {
        Pool storage slot = _pools[id];
        assembly ("memory-safe") {
            let word := sload(slot.slot)
            mstore(p, and(word, 0xffffffff)) // index
            mstore(add(p, 0x20), and(shr(32, word), 0xffffffff)) // generation
            mstore(add(p, 0x40), and(shr(64, word), 0xffffffff)) // members
            mstore(add(p, 0x60), and(shr(96, word), 0xffffffff)) // maxWeight
            mstore(add(p, 0x80), and(shr(128, word), 0xffffffffff)) // openedAt
            mstore(add(p, 0xa0), and(shr(168, word), 0xffffffffff)) // sealsAt
            mstore(add(p, 0xc0), and(shr(208, word), 0xff)) // height
            mstore(add(p, 0xe0), and(shr(216, word), 0xff)) // attestations
            mstore(add(p, 0x100), and(shr(224, word), 1)) // votedSeal
            mstore(add(p, 0x120), and(shr(232, word), 1)) // isSealed
        }
    }

    function _stateOf(Pool memory p) private view returns (PoolState) {
        if (p.openedAt == 0) return PoolState.None;
        if (p.isSealed) return PoolState.Sealed;
        if (p.sealsAt == 0) return PoolState.Open;
        return block.timestamp < p.sealsAt ? PoolState.Announced : PoolState.Closed;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Committee key generations, and the check of delivered node keys
/// @notice A generation is one key Y = x·P2 of which each custodian holds a share (n = 1: holds x, and can read).
///
/// | from    | to      | by                                                                      |
/// |---------|---------|-------------------------------------------------------------------------|
/// | None    | Forming | deployment, or a vote (ICommitteeBoard: `form`, `reshare`), with custodians and threshold |
/// | Forming | Active  | n = 1: `postKey` by the custodian, with a Schnorr proof of x and e(X,P2) = e(P1,Y) |
/// | Forming | Active  | ICommitteeBoard: `finish`, with the same pairing check                    |
/// | Forming | GivenUp | ICommitteeBoard: `restart`; or a vote forms another                       |
/// | Active  | Retired | `retire`: the timelock                                                    |
///
/// One generation forms at a time. Retiring stops contributions, epochs and approvals under Y, in all generations that share
/// it; an approved sale goes on.
/// Generations of one Y: a pool stays pinned to the one it was opened under, and is served by the latest, `servingGeneration`.
/// Points: G1 = (x, y); G2 = (x.im, x.re, y.im, y.re), as EIP-197.
interface IKeyCommittee {
    enum GenerationState {
        None,
        Forming,
        Active,
        Retired,
        GivenUp
    }

    /// @param source 0, or the generation whose key this one reshares.
    /// @param polynomialHash keccak256 of the words A_0 .. A_(t−1) in G1: X_j = Σ j^k·A_k.
    /// @param shareKeysHash keccak256 of the words Y_1 .. Y_n. Both lists stand in the event ShareKeysFixed; n = 1: A_0 = X, Y_1 = Y.
    struct Generation {
        GenerationState state;
        uint8 threshold;
        uint8 custodians;
        uint40 activeAt;
        uint256[2] X;
        uint256[4] Y;
        uint32 source;
        bytes32 polynomialHash;
        bytes32 shareKeysHash;
    }

    event GenerationForming(uint32 indexed generation, address[] custodians, uint8 threshold);
    event GenerationActivated(uint32 indexed generation, uint256[2] X, uint256[4] Y);
    event GenerationRetired(uint32 indexed generation);
    event Ready(uint32 indexed generation, bytes32 indexed saleId, uint8 index);
    event SharesPosted(
        uint32 indexed generation, bytes32 indexed saleId, uint8 index, uint32 firstNode, uint256[2][] C1, uint256[2][] C2
    );

    error CommitteeCallerRefused(address caller);
    error GenerationStateWrong(uint32 generation, GenerationState have, GenerationState needed);
    error CommitteeShapeInvalid(uint256 custodians, uint256 threshold);
    error KeyProofInvalid();
    error KeyPairInvalid();
    error HeartbeatInvalid(uint64 week);
    error HeartbeatStale(uint64 week, uint64 thisWeek);
    error DeliveryLengthsDiffer();
    error ReadyRepeated(uint32 generation, bytes32 saleId, uint8 index);

    /// @notice Post the key of a 1-of-1 generation. Caller: its custodian.
    /// @param T, s Schnorr proof: c = keccak256(abi.encode(keccak256("unwrapped-dao/committee-pok/v1"), chainId,
    /// address(this), generation, X, Y, T)) mod r, s·P1 = T + c·X.
    function postKey(uint32 generation, uint256[2] calldata X, uint256[4] calldata Y, uint256[2] calldata T, uint256 s) external;

    /// @notice Stop a key: this generation and all others that share it. Caller: the timelock.
    function retire(uint32 generation) external;

    /// @notice Say that the caller can serve a sale. Caller: a custodian of an Active or Retired generation, once a sale.
    /// An event for the other custodians: when it counts (exclusions fixed, mined by half of the delivery window) is theirs to
    /// see, and no delivery depends on it. Not checked: that there is such a sale.
    function ready(uint32 generation, bytes32 saleId) external;

    /// @notice Post key shares of consecutive nodes of a sale's cover, from number `firstNode` on. Caller: a custodian of an
    /// Active or Retired generation. Kept in the event log only and not checked: each share is checked by whoever combines it,
    /// by e(C2,-P2)·e(H(id),Y_j)·e(C1,B2) = 1.
    function postShares(
        uint32 generation,
        bytes32 saleId,
        uint32 firstNode,
        uint256[2][] calldata C1,
        uint256[2][] calldata C2
    ) external;

    /// @notice The generation new epochs use: the latest of the key that was formed last; 0 if there is none, or it was retired.
    /// A resharing of an earlier key does not change it. Generations count from 1.
    function currentGeneration() external view returns (uint32);
    function generation(uint32 generation) external view returns (Generation memory);
    function isActive(uint32 generation) external view returns (bool);
    /// @notice The latest generation with the same Y, whose custodians serve and are paid for sales approved from now on;
    /// 0 unless `generation` is Active.
    function servingGeneration(uint32 generation) external view returns (uint32);
    /// @notice Whether a custodian has said `ready`. Bit i − 1 for custodian i.
    function readyOf(uint32 generation, bytes32 saleId) external view returns (uint32);
    /// @notice Custodians of a generation in index order 1..n: the operators who share its fees.
    function custodiansOf(uint32 generation) external view returns (address[] memory);

    /// @notice Reverts unless S is Y's signature of this or last week's heartbeat:
    /// e(S,-P2)·e(H(hb),Y) = 1, hb = keccak256(abi.encode(keccak256("unwrapped-dao/heartbeat/v1"), uint8 suite,
    /// uint256 chainId, address(this), uint64 generation, uint64 week)), week = seconds / 604800.
    function requireHeartbeat(uint32 generation, uint64 week, uint256[2] calldata S) external view;

    /// @notice True iff e(C2,-P2)·e(H(id),Y)·e(C1,B2) = 1 for every node, checked as one batch with factors hashed from all
    /// inputs (DeliveryBatch). A bad point, wrong length or hint reverts.
    /// @param ids Of the nodes. More ids than nodes: the first ids are of nodes that are not looked at; hints are for all ids.
    /// @param nodes C1.x, C1.y, C2.x, C2.y each.
    /// @param hints Hash-to-curve hints for `ids` (HashToG1), or empty: costs change, the point does not.
    function isDelivery(
        uint32 generation,
        bytes32[] calldata ids,
        uint256[4] calldata B2,
        uint256[4][] calldata nodes,
        uint256[] calldata hints
    ) external view returns (bool);
}

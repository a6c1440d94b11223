// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {CommitteeBoard} from "./CommitteeBoard.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {BN254} from "./libraries/BN254.sol";
import {DeliveryBatch} from "./libraries/DeliveryBatch.sol";
import {HashToG1} from "./libraries/HashToG1.sol";
import {Schnorr} from "./libraries/Schnorr.sol";

/// @title Committee key generations, and the check of delivered node keys
/// @notice A 1-of-1 generation posts its key; several custodians form one on the board (CommitteeBoard); both end in the same view.
contract KeyCommittee is CommitteeBoard, IKeyCommittee {
    /// @dev Domain tags: keccak256 of "unwrapped-dao/committee-pok/v1" and "unwrapped-dao/heartbeat/v1".
    bytes32 private constant PROOF_TAG = keccak256("unwrapped-dao/committee-pok/v1");
    bytes32 private constant HEARTBEAT_TAG = keccak256("unwrapped-dao/heartbeat/v1");
    uint8 private constant SUITE = 1;

    mapping(bytes32 saleId => mapping(uint32 generation => uint32 bits)) private _ready;

    /// @param timelock_ May form, reshare and retire generations.
    /// @param custodians Of generation 1, in index order 1..n, distinct. @param threshold 1 .. n.
    /// @param dkgPhase Longest duration of each step of a key generation, seconds.
    constructor(address timelock_, address[] memory custodians, uint8 threshold, uint32 dkgPhase)
        CommitteeBoard(timelock_, dkgPhase)
    {
        _form(custodians, threshold, 0);
    }

    // ------------------------------------------------------------------ generations

    /// @inheritdoc IKeyCommittee
    function postKey(
        uint32 g,
        uint256[2] calldata X,
        uint256[4] calldata Y,
        uint256[2] calldata T,
        uint256 s
    ) external {
        Status memory status = _requireState(g, GenerationState.Forming);
        if (status.custodians != 1 || status.origin != 0) {
            revert CommitteeShapeInvalid(status.custodians, status.threshold);
        }
        _requireCustodian(g, msg.sender);
        BN254.requireG2Encoding(Y);
        uint256 c = Schnorr.challenge(keccak256(abi.encode(PROOF_TAG, block.chainid, address(this), g, X, Y, T)));
        if (!Schnorr.isProof(X, T, s, c)) revert KeyProofInvalid();
        // e(X, −P2)·e(P1, Y) = 1; the precompile refuses a Y outside the subgroup.
        if (!BN254.isPairing(_twoPairs(X[0], X[1], 1, 2, Y))) revert KeyPairInvalid();
        _activate(g, status, X, Y, keccak256(abi.encode(X)), keccak256(abi.encode(Y)));
    }

    /// @inheritdoc IKeyCommittee
    function retire(uint32 g) external onlyTimelock {
        _requireState(g, GenerationState.Active);
        _retire(g);
    }

    /// @inheritdoc IKeyCommittee
    function currentGeneration() external view returns (uint32) {
        return _current;
    }

    /// @inheritdoc IKeyCommittee
    function generation(uint32 g) external view returns (Generation memory out) {
        Status memory status = _status[g];
        (out.state, out.threshold, out.custodians, out.source) =
            (_stateOf(g), status.threshold, status.custodians, _source[g]);
        (out.X, out.Y, out.polynomialHash, out.shareKeysHash) = _keyOf(g);
        if (out.polynomialHash != 0) out.activeAt = status.since;
    }

    /// @inheritdoc IKeyCommittee
    function isActive(uint32 g) external view returns (bool) {
        return _stateOf(g) == GenerationState.Active;
    }

    /// @inheritdoc IKeyCommittee
    function servingGeneration(uint32 g) external view returns (uint32) {
        return _servingOf(g);
    }

    /// @inheritdoc IKeyCommittee
    function custodiansOf(uint32 g) external view returns (address[] memory) {
        return _custodiansOf(g);
    }

    // ------------------------------------------------------------------ what custodians say of a sale

    /// @inheritdoc IKeyCommittee
    function ready(uint32 g, bytes32 saleId) external {
        uint8 index = _requireServing(g);
        uint32 bits = _ready[saleId][g];
        uint32 bit = uint32(1) << (index - 1);
        if (bits & bit != 0) revert ReadyRepeated(g, saleId, index);
        _ready[saleId][g] = bits | bit;
        emit Ready(g, saleId, index);
    }

    /// @inheritdoc IKeyCommittee
    function readyOf(uint32 g, bytes32 saleId) external view returns (uint32) {
        return _ready[saleId][g];
    }

    /// @inheritdoc IKeyCommittee
    function postShares(
        uint32 g,
        bytes32 saleId,
        uint32 firstNode,
        uint256[2][] calldata C1,
        uint256[2][] calldata C2
    ) external {
        if (C1.length == 0 || C1.length != C2.length) revert DeliveryLengthsDiffer();
        uint8 index = _requireServing(g);
        // `emit SharesPosted(g, saleId, index, firstNode, C1, C2)` by two copies.
        bytes32 topic = SharesPosted.selector;
        assembly ("memory-safe") {
            let size := shl(6, C1.length)
            let data := mload(0x40)
            mstore(data, index)
            mstore(add(data, 0x20), firstNode)
            mstore(add(data, 0x40), 0x80)
            mstore(add(data, 0x60), add(0xa0, size))
            mstore(add(data, 0x80), C1.length)
            calldatacopy(add(data, 0xa0), C1.offset, size)
            let second := add(add(data, 0xa0), size)
            mstore(second, C2.length)
            calldatacopy(add(second, 0x20), C2.offset, size)
            log3(data, add(0xc0, shl(1, size)), topic, g, saleId)
        }
    }

    /// @dev Index of the caller in a generation that has a key.
    function _requireServing(uint32 g) private view returns (uint8) {
        GenerationState state = _status[g].state;
        if (state != GenerationState.Active && state != GenerationState.Retired) {
            revert GenerationStateWrong(g, state, GenerationState.Active);
        }
        return _requireCustodian(g, msg.sender);
    }

    // ------------------------------------------------------------------ what the key signed

    /// @inheritdoc IKeyCommittee
    function requireHeartbeat(uint32 g, uint64 week, uint256[2] calldata S) external view {
        _requireState(g, GenerationState.Active);
        uint256 thisWeek = block.timestamp / 1 weeks;
        if (week != thisWeek && uint256(week) + 1 != thisWeek) revert HeartbeatStale(week, uint64(thisWeek));
        if (!BN254.isG1(S[0], S[1])) revert HeartbeatInvalid(week);

        (uint256 hx, uint256 hy) =
            HashToG1.hashToG1(keccak256(abi.encode(HEARTBEAT_TAG, SUITE, block.chainid, address(this), uint64(g), week)));
        (, uint256[4] memory Y,,) = _keyOf(g);
        if (!BN254.isPairing(_twoPairs(S[0], S[1], hx, hy, Y))) revert HeartbeatInvalid(week);
    }

    /// @inheritdoc IKeyCommittee
    function isDelivery(
        uint32 g,
        bytes32[] calldata ids,
        uint256[4] calldata B2,
        uint256[4][] calldata nodes,
        uint256[] calldata hints
    ) external view returns (bool) {
        if (nodes.length == 0 || nodes.length > ids.length) revert DeliveryLengthsDiffer();
        BN254.requireG2Encoding(B2);
        return DeliveryBatch.isValid(_requireKey(g), B2, ids, nodes, hints);
    }

    // ------------------------------------------------------------------ helpers

    /// @dev (a, −P2), (b, q).
    function _twoPairs(uint256 ax, uint256 ay, uint256 bx, uint256 by, uint256[4] memory q)
        private
        pure
        returns (uint256[12] memory)
    {
        return [
            ax,
            ay,
            BN254.NEG_P2_X_IM,
            BN254.NEG_P2_X_RE,
            BN254.NEG_P2_Y_IM,
            BN254.NEG_P2_Y_RE,
            bx,
            by,
            q[0],
            q[1],
            q[2],
            q[3]
        ];
    }

    /// @dev Y from its blob. A generation without a key has no blob, and zeros would pass as infinity.
    function _requireKey(uint32 g) private view returns (uint256[4] memory Y) {
        address key = _keyAt(g);
        assembly ("memory-safe") {
            extcodecopy(key, Y, 0x41, 0x80)
        }
        if ((Y[0] | Y[1] | Y[2] | Y[3]) == 0) {
            revert GenerationStateWrong(g, _status[g].state, GenerationState.Active);
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {BN254} from "./libraries/BN254.sol";
import {CodeBlob} from "./libraries/CodeBlob.sol";
import {HashToG1} from "./libraries/HashToG1.sol";

/// @title Committee key generations, and the check of delivered node keys
/// @notice Today a 1-of-1 generation becomes Active; the distributed key generation takes the same place behind the same view.
///
/// Where the key lies: X ‖ Y of generation g is the blob of this contract's CREATE number g, so that checking a delivery reads
/// one cold account instead of four cold slots. A generation that is given up must leave an empty blob for the numbers to fit.
contract KeyCommittee is IKeyCommittee {
    /// @dev One slot.
    struct Status {
        GenerationState state;
        uint8 threshold;
        uint8 custodians;
        uint40 activeAt;
    }

    /// @dev Domain tags: keccak256 of "unwrapped-dao/committee-pok/v1" and "unwrapped-dao/heartbeat/v1".
    bytes32 private constant PROOF_TAG = keccak256("unwrapped-dao/committee-pok/v1");
    bytes32 private constant HEARTBEAT_TAG = keccak256("unwrapped-dao/heartbeat/v1");
    uint8 private constant SUITE = 1;

    address public immutable timelock;

    uint32 private _current;
    mapping(uint32 generation => Status) private _status;
    mapping(uint32 generation => address[]) private _custodians;

    /// @param timelock_ May retire generations.
    /// @param custodians Of generation 1, in index order 1..n, distinct. @param threshold 1 .. n.
    constructor(address timelock_, address[] memory custodians, uint8 threshold) {
        uint256 n = custodians.length;
        if (n > type(uint8).max || threshold == 0 || threshold > n) revert CommitteeShapeInvalid(n, threshold);
        for (uint256 i = 0; i < n; ++i) {
            if (custodians[i] == address(0)) revert CommitteeShapeInvalid(n, threshold);
            for (uint256 j = 0; j < i; ++j) {
                if (custodians[i] == custodians[j]) revert CommitteeShapeInvalid(n, threshold);
            }
        }
        timelock = timelock_;
        _status[1] = Status(GenerationState.Forming, threshold, uint8(n), 0);
        _custodians[1] = custodians;
        emit GenerationForming(1, custodians, threshold);
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
        if (status.custodians != 1) revert CommitteeShapeInvalid(status.custodians, status.threshold);
        if (msg.sender != _custodians[g][0]) revert CommitteeCallerRefused(msg.sender);
        _requireKeyProof(g, X, Y, T, s);
        // e(X, −P2)·e(P1, Y) = 1; the precompile refuses a Y outside the subgroup.
        if (!BN254.isPairing(_twoPairs(X[0], X[1], 1, 2, Y))) revert KeyPairInvalid();

        status.state = GenerationState.Active;
        status.activeAt = uint40(block.timestamp);
        _status[g] = status;
        _current = g;
        emit GenerationActivated(g, X, Y);
        address key = CodeBlob.write(abi.encode(X, Y));
        assert(key == _keyOf(g));
    }

    /// @inheritdoc IKeyCommittee
    function retire(uint32 g) external {
        if (msg.sender != timelock) revert CommitteeCallerRefused(msg.sender);
        _requireState(g, GenerationState.Active);
        _status[g].state = GenerationState.Retired;
        if (_current == g) _current = 0;
        emit GenerationRetired(g);
    }

    /// @inheritdoc IKeyCommittee
    function currentGeneration() external view returns (uint32) {
        return _current;
    }

    /// @inheritdoc IKeyCommittee
    function generation(uint32 g) external view returns (Generation memory out) {
        Status memory status = _status[g];
        (out.state, out.threshold, out.custodians, out.activeAt) =
            (status.state, status.threshold, status.custodians, status.activeAt);
        if (status.activeAt != 0) (out.X, out.Y) = abi.decode(CodeBlob.read(_keyOf(g)), (uint256[2], uint256[4]));
    }

    /// @inheritdoc IKeyCommittee
    function isActive(uint32 g) external view returns (bool) {
        return _status[g].state == GenerationState.Active;
    }

    /// @inheritdoc IKeyCommittee
    function custodiansOf(uint32 g) external view returns (address[] memory) {
        return _custodians[g];
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
        (, uint256[4] memory Y) = abi.decode(CodeBlob.read(_keyOf(g)), (uint256[2], uint256[4]));
        if (!BN254.isPairing(_twoPairs(S[0], S[1], hx, hy, Y))) revert HeartbeatInvalid(week);
    }

    /// @inheritdoc IKeyCommittee
    function isDelivery(
        uint32 g,
        bytes32[] calldata ids,
        uint256[4] calldata B2,
        uint256[2][] calldata C1,
        uint256[2][] calldata C2,
        uint256[] calldata hints
    ) external view returns (bool) {
        if (ids.length == 0 || C1.length != ids.length || C2.length != ids.length) revert DeliveryLengthsDiffer();
        BN254.requireG2Encoding(B2);

        // Σ w·C2 (words 0, 1) with −P2, Σ w·H(id) (6, 7) with Y, Σ w·C1 (12, 13) with B2.
        uint256[18] memory words;
        (words[2], words[3], words[4], words[5]) =
            (BN254.NEG_P2_X_IM, BN254.NEG_P2_X_RE, BN254.NEG_P2_Y_IM, BN254.NEG_P2_Y_RE);
        _putKey(g, words);
        (words[14], words[15], words[16], words[17]) = (B2[0], B2[1], B2[2], B2[3]);
        _putSums(words, _positions(ids, C1, C2, hints), ids.length > 1 ? _transcript(words, ids, C1, C2) : bytes32(0));
        return BN254.isPairing(words);
    }

    /// @dev Where in the calldata the next node's parts are, and where the ids and hints end.
    /// @param hint 0: no hints.
    struct Positions {
        uint256 id;
        uint256 idsEnd;
        uint256 c1;
        uint256 c2;
        uint256 hint;
        uint256 hintsEnd;
    }

    function _positions(
        bytes32[] calldata ids,
        uint256[2][] calldata C1,
        uint256[2][] calldata C2,
        uint256[] calldata hints
    ) private pure returns (Positions memory at) {
        assembly ("memory-safe") {
            mstore(at, ids.offset)
            mstore(add(at, 0x20), add(ids.offset, shl(5, ids.length)))
            mstore(add(at, 0x40), C1.offset)
            mstore(add(at, 0x60), C2.offset)
            mstore(add(at, 0x80), mul(hints.offset, gt(hints.length, 0)))
            mstore(add(at, 0xa0), mul(add(hints.offset, shl(5, hints.length)), gt(hints.length, 0)))
        }
    }

    /// @dev Small-exponent batch check (Bellare, Garay, Rabin 1998): the first node counts once, each further node with a factor
    /// of 128 bits that nobody chooses, so a batch with a false equation passes with probability 2^-128 per try.
    function _putSums(uint256[18] memory words, Positions memory at, bytes32 seed) private view {
        uint256 p = BN254.opaqueP();
        uint256[15] memory sums; // as BN254.accumulate takes them: for C2, H(id), C1
        _loadNode(at, p, sums);
        (sums[0], sums[1], sums[5], sums[6], sums[10], sums[11]) =
            (sums[2], sums[3], sums[7], sums[8], sums[12], sums[13]);
        while (at.id < at.idsEnd) {
            _loadNode(at, p, sums);
            assembly ("memory-safe") {
                mstore(0, seed)
                seed := keccak256(0, 0x20)
            }
            BN254.accumulate(sums, uint256(seed) >> 128);
        }
        if (at.hint != at.hintsEnd) revert DeliveryLengthsDiffer();
        (words[0], words[1]) = (sums[0], sums[1]);
        (words[6], words[7]) = (sums[5], sums[6]);
        (words[12], words[13]) = (sums[10], sums[11]);
    }

    /// @dev The next node's points, checked, as the points of the three sums; `at` moves on.
    function _loadNode(Positions memory at, uint256 p, uint256[15] memory sums) private view {
        bytes32 id;
        uint256 from = at.id;
        assembly ("memory-safe") {
            id := calldataload(from)
        }
        (sums[2], sums[3]) = BN254.loadG1(at.c2, p);
        (sums[12], sums[13]) = BN254.loadG1(at.c1, p);
        unchecked {
            // Positions in the calldata.
            (at.id, at.c1, at.c2) = (from + 0x20, at.c1 + 0x40, at.c2 + 0x40);
        }
        if (at.hint == 0) (sums[7], sums[8]) = HashToG1.hashToG1(id);
        else (sums[7], sums[8], at.hint) = HashToG1.hashToG1(id, at.hint, p);
    }

    /// @dev Fiat–Shamir over everything the equations depend on: Y, B2, every id (which holds chain, registry and pool) and point.
    function _transcript(
        uint256[18] memory words,
        bytes32[] calldata ids,
        uint256[2][] calldata C1,
        uint256[2][] calldata C2
    ) private pure returns (bytes32 seed) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            for { let i := 0 } lt(i, 0x80) { i := add(i, 0x20) } {
                mstore(add(m, i), mload(add(add(words, 0x100), i)))
                mstore(add(add(m, 0x80), i), mload(add(add(words, 0x1c0), i)))
            }
            // Three lists of one length: nothing can be read in two ways.
            let to := add(m, 0x100)
            calldatacopy(to, ids.offset, shl(5, ids.length))
            to := add(to, shl(5, ids.length))
            calldatacopy(to, C1.offset, shl(6, ids.length))
            to := add(to, shl(6, ids.length))
            calldatacopy(to, C2.offset, shl(6, ids.length))
            seed := keccak256(m, sub(add(to, shl(6, ids.length)), m))
        }
    }

    // ------------------------------------------------------------------ helpers

    function _requireState(uint32 g, GenerationState needed) private view returns (Status memory status) {
        status = _status[g];
        if (status.state != needed) revert GenerationStateWrong(g, status.state, needed);
    }

    /// @dev Schnorr: s·P1 = T + c·X.
    function _requireKeyProof(
        uint32 g,
        uint256[2] calldata X,
        uint256[4] calldata Y,
        uint256[2] calldata T,
        uint256 s
    ) private view {
        BN254.requireG1(X[0], X[1]);
        BN254.requireG1(T[0], T[1]);
        BN254.requireG2Encoding(Y);
        if (s >= BN254.R) revert KeyProofInvalid();
        uint256 c = uint256(keccak256(abi.encode(PROOF_TAG, block.chainid, address(this), g, X, Y, T))) % BN254.R;
        (uint256 lx, uint256 ly) = BN254.mul(1, 2, s);
        (uint256 rx, uint256 ry) = BN254.mul(X[0], X[1], c);
        (rx, ry) = BN254.add(T[0], T[1], rx, ry);
        if (lx != rx || ly != ry) revert KeyProofInvalid();
    }

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

    /// @dev Y from its blob to words 8..11. A generation without a key has no blob, and zeros would pass as infinity.
    function _putKey(uint32 g, uint256[18] memory words) private view {
        address key = _keyOf(g);
        assembly ("memory-safe") {
            extcodecopy(key, add(words, 0x100), 0x41, 0x80)
        }
        if ((words[8] | words[9] | words[10] | words[11]) == 0) {
            revert GenerationStateWrong(g, _status[g].state, GenerationState.Active);
        }
    }

    function _keyOf(uint32 g) private view returns (address) {
        return CodeBlob.addressOf(address(this), g);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {CommitteeGenerations} from "./CommitteeGenerations.sol";
import {ICommitteeBoard} from "./interfaces/ICommitteeBoard.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {BN254} from "./libraries/BN254.sol";
import {Feldman} from "./libraries/Feldman.sol";
import {Schnorr} from "./libraries/Schnorr.sol";

/// @title The board on which custodians form or reshare a key
/// @notice See ICommitteeBoard for the phases. Of a deal only its commitment is stored; whoever needs the deal again passes it.
abstract contract CommitteeBoard is CommitteeGenerations, ICommitteeBoard {
    bytes32 private constant ENCRYPTION_KEY_TAG = keccak256("unwrapped-dao/dkg-encryption-key/v1");
    bytes32 private constant DEAL_TAG = keccak256("unwrapped-dao/dkg-deal/v1");
    bytes32 private constant EPHEMERAL_TAG = keccak256("unwrapped-dao/dkg-ephemeral/v1");
    bytes32 private constant SHARE_TAG = keccak256("unwrapped-dao/dkg-share/v1");
    bytes32 private constant COMPLAINT_TAG = keccak256("unwrapped-dao/dkg-complaint/v1");
    bytes32 private constant WEIGHTS_TAG = keccak256("unwrapped-dao/dkg-weights/v1");
    uint32 private constant LONGEST_PHASE = 30 days;

    /// @inheritdoc ICommitteeBoard
    uint32 public immutable phaseLength;

    mapping(uint32 generation => mapping(uint8 index => bytes32)) private _encryptionKeys;
    mapping(uint32 generation => mapping(uint8 dealer => bytes32)) private _commitments;

    modifier onlyTimelock() {
        if (msg.sender != timelock) revert IKeyCommittee.CommitteeCallerRefused(msg.sender);
        _;
    }

    constructor(address timelock_, uint32 phaseLength_) CommitteeGenerations(timelock_) {
        if (phaseLength_ == 0 || phaseLength_ > LONGEST_PHASE) {
            revert PhaseLengthOutOfBounds(phaseLength_, 1, LONGEST_PHASE);
        }
        phaseLength = phaseLength_;
    }

    // ------------------------------------------------------------------ the timelock's

    /// @inheritdoc ICommitteeBoard
    function form(address[] calldata custodians, uint8 threshold) external onlyTimelock returns (uint32) {
        return _form(custodians, threshold, 0);
    }

    /// @inheritdoc ICommitteeBoard
    function reshare(uint32 source, address[] calldata custodians, uint8 threshold)
        external
        onlyTimelock
        returns (uint32)
    {
        _requireState(source, IKeyCommittee.GenerationState.Active);
        return _form(custodians, threshold, source);
    }

    // ------------------------------------------------------------------ register

    /// @inheritdoc ICommitteeBoard
    function registerKey(uint32 g, uint256[2] calldata K, uint256[2] calldata T, uint256 s) external {
        Status memory status = _requirePhase(g, Phase.Register);
        uint8 index = _requireCustodian(g, msg.sender);
        status.registered = _with(g, status.registered, index);
        uint256 c =
            Schnorr.challenge(keccak256(abi.encode(ENCRYPTION_KEY_TAG, block.chainid, address(this), g, index, K, T)));
        if (!Schnorr.isProof(K, T, s, c)) revert EncryptionKeyProofInvalid(g, index);

        _encryptionKeys[g][index] = keccak256(abi.encode(K));
        if (status.registered == _all(status.custodians)) _enter(status, Phase.Commit);
        _status[g] = status;
        emit EncryptionKeyRegistered(g, index, K);
    }

    // ------------------------------------------------------------------ commit, deal

    /// @inheritdoc ICommitteeBoard
    function commitDeal(uint32 g, bytes32 commitment) external {
        Status memory status = _requirePhase(g, Phase.Commit);
        (uint32 dealers, uint8 count,) = _dealers(g, status);
        uint8 dealer = _requireCustodian(dealers, msg.sender);
        status.committed = _with(g, status.committed, dealer);
        if (commitment == 0) revert CommitmentEmpty();

        _commitments[g][dealer] = commitment;
        if (status.committed == _all(count)) _enter(status, Phase.Deal);
        _status[g] = status;
        emit DealCommitted(g, dealer, commitment);
    }

    /// @inheritdoc ICommitteeBoard
    function deal(uint32 g, bytes32 salt, Deal calldata dealt, uint256[2][] calldata polynomial) external {
        Status memory status = _requirePhase(g, Phase.Deal);
        (uint32 dealers,,) = _dealers(g, status);
        uint8 dealer = _requireCustodian(dealers, msg.sender);
        status.dealt = _with(g, status.dealt, dealer);
        _requireCommitted(g, dealer, salt, dealt);
        if (dealt.C.length != status.threshold || dealt.shares.length != status.custodians) {
            revert DealShapeInvalid(dealt.C.length, dealt.shares.length);
        }
        for (uint256 k = 0; k < dealt.C.length; ++k) {
            BN254.requireG1(dealt.C[k][0], dealt.C[k][1]);
        }
        uint256 c = Schnorr.challenge(
            keccak256(abi.encode(EPHEMERAL_TAG, block.chainid, address(this), g, dealer, dealt.E, dealt.T))
        );
        if (!Schnorr.isProof(dealt.E, dealt.T, dealt.s, c)) revert EphemeralProofInvalid(g, dealer);
        if (dealers != g) _requireOwnShare(g, dealers, dealer, dealt.C[0], polynomial);

        if (status.dealt == status.committed) _enter(status, Phase.Complain);
        _status[g] = status;
        emit DealPosted(g, dealer, salt, dealt);
    }

    /// @dev A dealer of a resharing deals x_j: its constant term is X_j of the source.
    function _requireOwnShare(
        uint32 g,
        uint32 source,
        uint8 dealer,
        uint256[2] calldata constant_,
        uint256[2][] calldata polynomial
    ) private view {
        (,, bytes32 polynomialHash,) = _keyOf(source);
        if (Feldman.digest(polynomial) != polynomialHash) revert PolynomialUnknown(source);
        (uint256 x, uint256 y) = Feldman.evaluate(polynomial, dealer);
        if (x != constant_[0] || y != constant_[1]) revert SecretNotShare(g, dealer);
    }

    // ------------------------------------------------------------------ complain

    /// @inheritdoc ICommitteeBoard
    function complain(
        uint32 g,
        uint8 dealer,
        bytes32 salt,
        Deal calldata dealt,
        uint256[2] calldata K,
        uint256[2] calldata Z,
        uint256 c,
        uint256 s
    ) external {
        Status memory status = _requirePhase(g, Phase.Complain);
        uint8 index = _requireCustodian(g, msg.sender);
        uint32 bit = _bit(dealer);
        if (status.dealt & ~status.convicted & bit == 0) revert DealerNotAccused(g, dealer);
        _requireCommitted(g, dealer, salt, dealt);
        if (keccak256(abi.encode(K)) != _encryptionKeys[g][index]) revert EncryptionKeyUnknown(g, index);
        _requireSharedPoint(g, dealer, index, dealt.E, K, Z, c, s);

        uint256 share = dealt.shares[index - 1]
            ^ uint256(
                keccak256(abi.encode(SHARE_TAG, block.chainid, address(this), g, dealer, index, dealt.E, Z))
            );
        if (share < BN254.R) {
            (uint256 x, uint256 y) = BN254.mul(1, 2, share);
            (uint256 ex, uint256 ey) = Feldman.evaluate(dealt.C, index);
            if (x == ex && y == ey) revert ComplaintUnfounded(g, dealer, index);
        }
        status.convicted |= bit;
        // Shares of a resharing depend on which dealers count, so what was published is to be published again.
        status.published = 0;
        _status[g] = status;
        emit ComplaintUpheld(g, dealer, index, share);
    }

    /// @dev log_P1 K = log_E Z. K and E were checked when they came; the proof says no more than that for a good Z.
    function _requireSharedPoint(
        uint32 g,
        uint8 dealer,
        uint8 index,
        uint256[2] calldata E,
        uint256[2] calldata K,
        uint256[2] calldata Z,
        uint256 c,
        uint256 s
    ) private view {
        BN254.requireG1(Z[0], Z[1]);
        if (c >= BN254.R || s >= BN254.R) revert ComplaintProofInvalid(g, index);
        uint256[2] memory tk = Schnorr.commitment([uint256(1), 2], K, s, c);
        uint256[2] memory tz = Schnorr.commitment(E, Z, s, c);
        bytes32 digest =
            keccak256(abi.encode(COMPLAINT_TAG, block.chainid, address(this), g, dealer, index, E, K, Z, tk, tz));
        if (Schnorr.challenge(digest) != c) revert ComplaintProofInvalid(g, index);
    }

    // ------------------------------------------------------------------ finish

    /// @inheritdoc ICommitteeBoard
    function publishShareKey(uint32 g, uint256[4] calldata Y) external {
        Status memory status = _now(g);
        if (status.phase != Phase.Complain) _requirePhase(g, Phase.Finish);
        uint8 index = _requireCustodian(g, msg.sender);
        status.published = _with(g, status.published, index);
        BN254.requireG2Encoding(Y);

        if (status.published == _all(status.custodians)) status.phase = Phase.Finish;
        _status[g] = status;
        emit ShareKeyPublished(g, index, Y);
    }

    /// @inheritdoc ICommitteeBoard
    function finish(
        uint32 g,
        uint256[2][] calldata C,
        bytes32[2][] calldata openings,
        uint256[4] calldata Y,
        uint256[4][] calldata shareKeys
    ) external {
        Status memory status = _requirePhase(g, Phase.Finish);
        uint256[2][] memory sums = _polynomial(g, status, C, openings);
        if (shareKeys.length != status.custodians) revert DealShapeInvalid(sums.length, shareKeys.length);
        bytes32 polynomialHash = _digest(sums);
        bytes32 shareKeysHash = keccak256(msg.data[_offset(shareKeys):_offset(shareKeys) + 128 * shareKeys.length]);
        if (status.origin != 0) _requireSameKey(g, sums[0], Y);
        _requireShareKeys(g, sums, Y, shareKeys, keccak256(abi.encode(polynomialHash, shareKeysHash, Y)));

        emit ShareKeysFixed(g, sums, shareKeys);
        _activate(g, status, sums[0], Y, polynomialHash, shareKeysHash);
    }

    /// @dev The sum of the dealers' polynomials; of a resharing, weighted by λ. Every C was checked when it was dealt.
    function _polynomial(uint32 g, Status memory status, uint256[2][] calldata C, bytes32[2][] calldata openings)
        private
        view
        returns (uint256[2][] memory sums)
    {
        uint256 t = status.threshold;
        (,, uint256 needed) = _dealers(g, status);
        uint32 dealers = Feldman.lowest(status.dealt & ~status.convicted, needed);
        if (openings.length != needed || C.length != needed * t) revert DealShapeInvalid(C.length, openings.length);
        sums = new uint256[2][](t);
        uint256 at = 0;
        for (uint8 dealer = 1; at < needed; ++dealer) {
            if (dealers & _bit(dealer) == 0) continue;
            bytes32 digest = Feldman.digest(C[at * t:(at + 1) * t]);
            if (_commitmentOf(g, dealer, openings[at][0], digest, openings[at][1]) != _commitments[g][dealer]) {
                revert DealNotCommitted(g, dealer);
            }
            Feldman.addTo(sums, C, at * t, status.origin == 0 ? 1 : Feldman.lagrangeAtZero(dealers, dealer));
            ++at;
        }
    }

    function _requireSameKey(uint32 g, uint256[2] memory X, uint256[4] calldata Y) private view {
        uint32 source = _source[g];
        _requireState(source, IKeyCommittee.GenerationState.Active);
        (uint256[2] memory sourceX, uint256[4] memory sourceY,,) = _keyOf(source);
        if (keccak256(abi.encode(X, Y)) != keccak256(abi.encode(sourceX, sourceY))) revert KeyChanged(g, source);
    }

    /// @dev e(Σ w_j·X_j, −P2)·Π e(w_j·P1, Y_j) = 1 with j = 0 for the key itself, X_j = Σ j^k·A_k, w_0 = 1 and further weights of
    /// 128 bits hashed from all inputs: a wrong Y_j passes with probability 2^-128 a try (Bellare, Garay, Rabin 1998). The
    /// precompile refuses what is not of order r.
    function _requireShareKeys(
        uint32 g,
        uint256[2][] memory A,
        uint256[4] calldata Y,
        uint256[4][] calldata shareKeys,
        bytes32 inputs
    ) private view {
        bytes32 seed = keccak256(abi.encode(WEIGHTS_TAG, block.chainid, address(this), g, inputs));
        uint256[] memory factors = new uint256[](A.length); // of A_k: Σ w_j·j^k
        uint256[] memory words = new uint256[](6 * (shareKeys.length + 2));
        factors[0] = 1;
        (words[6], words[7]) = (1, 2);
        _putG2(words, 8, Y);
        for (uint256 j = 1; j <= shareKeys.length; ++j) {
            uint256 weight = uint256(keccak256(abi.encode(seed, j))) >> 128;
            uint256 at = 6 * (j + 1);
            (words[at], words[at + 1]) = BN254.mul(1, 2, weight);
            _putG2(words, at + 2, shareKeys[j - 1]);
            for (uint256 k = 0; k < A.length; ++k) {
                factors[k] = addmod(factors[k], weight, BN254.R);
                weight = mulmod(weight, j, BN254.R);
            }
        }
        for (uint256 k = 0; k < A.length; ++k) {
            (uint256 x, uint256 y) = BN254.mul(A[k][0], A[k][1], factors[k]);
            (words[0], words[1]) = BN254.add(words[0], words[1], x, y);
        }
        (words[2], words[3], words[4], words[5]) =
            (BN254.NEG_P2_X_IM, BN254.NEG_P2_X_RE, BN254.NEG_P2_Y_IM, BN254.NEG_P2_Y_RE);
        if (!BN254.isPairing(words)) revert ShareKeysInvalid(g);
    }

    function _putG2(uint256[] memory words, uint256 at, uint256[4] calldata q) private pure {
        BN254.requireG2Encoding(q);
        (words[at], words[at + 1], words[at + 2], words[at + 3]) = (q[0], q[1], q[2], q[3]);
    }

    // ------------------------------------------------------------------ restart

    /// @inheritdoc ICommitteeBoard
    function restart(uint32 g) external returns (uint32 next) {
        Status memory status = _requirePhase(g, Phase.Stalled);
        uint32 everyone = _all(status.custodians);
        uint32 leftOut = everyone & ~status.registered;
        if (leftOut == 0 && status.origin == 0) {
            leftOut = everyone & ~status.committed;
            if (leftOut == 0) leftOut = everyone & ~status.dealt;
            if (leftOut == 0) leftOut = status.convicted;
        }
        _giveUp(g, leftOut);

        uint256 left = status.custodians - Feldman.count(leftOut);
        uint32 source = _source[g];
        if (leftOut == 0 || left < status.threshold) return 0;
        if (source != 0 && _stateOf(source) != IKeyCommittee.GenerationState.Active) return 0;
        address[] memory custodians = _custodiansOf(g);
        address[] memory others = new address[](left);
        uint256 at = 0;
        for (uint8 index = 1; index <= custodians.length; ++index) {
            if (leftOut & _bit(index) == 0) others[at++] = custodians[index - 1];
        }
        return _form(others, status.threshold, source);
    }

    // ------------------------------------------------------------------ phases

    /// @inheritdoc ICommitteeBoard
    function formation(uint32 g) external view returns (Formation memory) {
        Status memory status = _now(g);
        bool timed = status.phase >= Phase.Register && status.phase <= Phase.Complain;
        return Formation({
            phase: status.phase,
            until: timed ? status.since + phaseLength : 0,
            source: _source[g],
            registered: status.registered,
            committed: status.committed,
            dealt: status.dealt,
            convicted: status.convicted,
            published: status.published
        });
    }

    function _requirePhase(uint32 g, Phase needed) private view returns (Status memory status) {
        status = _now(g);
        if (status.phase != needed) revert PhaseWrong(g, status.phase, needed);
    }

    /// @dev The status with the phase that the clock has brought it to.
    function _now(uint32 g) private view returns (Status memory status) {
        status = _status[g];
        while (status.phase >= Phase.Register && status.phase <= Phase.Complain) {
            bool over = block.timestamp > uint256(status.since) + phaseLength;
            // Nothing can take a conviction back, so that this need not wait for the end.
            bool early = status.convicted != 0;
            if (!over && !early) return status;
            if (!_suffices(g, status)) {
                status.phase = Phase.Stalled;
            } else if (over) {
                // Within the enum: Complain is followed by Finish.
                status.phase = Phase(uint8(status.phase) + 1);
                status.since += phaseLength;
            } else {
                return status;
            }
        }
    }

    /// @dev Whether enough have done what the phase asks for.
    function _suffices(uint32 g, Status memory status) private view returns (bool) {
        if (status.phase == Phase.Register) return status.registered == _all(status.custodians);
        (,, uint256 needed) = _dealers(g, status);
        if (status.phase == Phase.Commit) return Feldman.count(status.committed) >= needed;
        return Feldman.count(status.dealt & ~status.convicted) >= needed;
    }

    function _enter(Status memory status, Phase phase) private view {
        (status.phase, status.since) = (phase, uint40(block.timestamp));
    }

    /// @dev The generation whose custodians deal, how many they are, and how many of them it takes.
    function _dealers(uint32 g, Status memory status) private view returns (uint32 dealers, uint8 count, uint256 needed) {
        if (status.origin == 0) return (g, status.custodians, status.custodians);
        dealers = _source[g];
        Status storage source = _status[dealers];
        return (dealers, source.custodians, source.threshold);
    }

    // ------------------------------------------------------------------ helpers

    function _requireCommitted(uint32 g, uint8 dealer, bytes32 salt, Deal calldata dealt) private view {
        bytes32 sealed_ = keccak256(abi.encodePacked(dealt.E, dealt.T, dealt.s, dealt.shares));
        if (_commitmentOf(g, dealer, salt, Feldman.digest(dealt.C), sealed_) != _commitments[g][dealer]) {
            revert DealNotCommitted(g, dealer);
        }
    }

    function _commitmentOf(uint32 g, uint8 dealer, bytes32 salt, bytes32 commitments, bytes32 sealed_)
        private
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(DEAL_TAG, block.chainid, address(this), g, dealer, salt, commitments, sealed_));
    }

    /// @dev keccak256 of the words of points in memory.
    function _digest(uint256[2][] memory points) private pure returns (bytes32) {
        bytes memory packed;
        for (uint256 k = 0; k < points.length; ++k) {
            packed = bytes.concat(packed, abi.encode(points[k]));
        }
        return keccak256(packed);
    }

    function _offset(uint256[4][] calldata list) private pure returns (uint256 offset) {
        assembly ("memory-safe") {
            offset := list.offset
        }
    }

    function _with(uint32 g, uint32 set, uint8 index) private pure returns (uint32) {
        uint32 bit = _bit(index);
        if (set & bit != 0) revert StepRepeated(g, index);
        return set | bit;
    }

    /// @dev 0 for an index that no set has.
    function _bit(uint8 index) private pure returns (uint32) {
        return index == 0 || index > MOST_CUSTODIANS ? 0 : uint32(1 << (uint256(index) - 1));
    }

    function _all(uint8 custodians) private pure returns (uint32) {
        return uint32((uint256(1) << custodians) - 1);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title The board on which custodians form a key that none of them knows
/// @notice Distributed key generation (Pedersen 1991, Feldman 1987) and resharing (Desmedt, Jajodia 1997), with the chain as the
/// bulletin board and as the judge of complaints. Bytes and equations: docs/spec/dkg.md.
///
/// Dealers of a fresh generation are its custodians 1..n; dealers of a resharing are the custodians of its *source*. Receivers
/// are always the custodians of the generation. Steps of a Forming generation:
///
/// | phase    | who acts, once each                        | goes on when                                 | Stalled when, at its end |
/// |----------|--------------------------------------------|----------------------------------------------|--------------------------|
/// | Register | each receiver: `registerKey`               | all have                                     | one has not              |
/// | Commit   | each dealer: `commitDeal`                  | all have; resharing: at the end, t of source | fewer have               |
/// | Deal     | each dealer that committed: `deal`         | all have; resharing: at the end, t of source | fewer have               |
/// | Complain | receivers: `complain`, `publishShareKey`   | at its end, or once all have published       | convicted (*)            |
/// | Finish   | receivers: `publishShareKey`; all: `finish`| never ends                                   |                          |
/// | Stalled  | anyone: `restart`                          |                                              |                          |
///
/// (*) Fresh: at the first upheld complaint. Resharing: when fewer than t of the source are left unconvicted.
/// Register, Commit, Deal and Complain last `phaseLength` seconds each, at most.
///
/// A fresh generation needs all its dealers: who does not register, commit or deal in time, or is convicted, is left out, and
/// `restart` forms the next generation of the others with the same threshold, if they are enough.
interface ICommitteeBoard {
    enum Phase {
        None,
        Register,
        Commit,
        Deal,
        Complain,
        Finish,
        Stalled
    }

    /// @notice How far a Forming generation has come. Sets are bits: custodian or dealer i is bit i − 1.
    /// @param until Last second of the phase; 0 for None, Finish and Stalled.
    /// @param source 0: fresh; else the generation whose key is reshared.
    struct Formation {
        Phase phase;
        uint40 until;
        uint32 source;
        uint32 registered;
        uint32 committed;
        uint32 dealt;
        uint32 convicted;
        uint32 published;
    }

    /// @notice What one dealer deals. `shares` are encrypted, one for each receiver in index order.
    /// @param C Feldman commitments a_k·P1 to the coefficients of its polynomial f, constant term first: `threshold` of them.
    /// @param E e·P1, the ephemeral key of the encryption.
    /// @param T Commitment of the Schnorr proof of e: s·P1 = T + c·E, c = keccak256(abi.encode(keccak256(
    /// "unwrapped-dao/dkg-ephemeral/v1"), chainId, address(this), generation, dealer, E, T)) mod r. It binds E to its dealer: a
    /// copied or scaled ephemeral would make honest complaints publish honest secrets.
    /// @param shares f(j) XOR keccak256(abi.encode(keccak256("unwrapped-dao/dkg-share/v1"), chainId, address(this), generation,
    /// dealer, receiver, E, Z)), Z = e·K_j = k_j·E.
    struct Deal {
        uint256[2][] C;
        uint256[2] E;
        uint256[2] T;
        uint256 s;
        uint256[] shares;
    }

    event EncryptionKeyRegistered(uint32 indexed generation, uint8 index, uint256[2] K);
    event DealCommitted(uint32 indexed generation, uint8 dealer, bytes32 commitment);
    event DealPosted(uint32 indexed generation, uint8 dealer, bytes32 salt, Deal deal);
    /// @param share What the dealer sent to the complainer; public from here on.
    event ComplaintUpheld(uint32 indexed generation, uint8 dealer, uint8 complainer, uint256 share);
    /// @notice Not checked on the chain before `finish`.
    event ShareKeyPublished(uint32 indexed generation, uint8 index, uint256[4] Y);
    /// @param polynomial A_k: X_j = Σ j^k·A_k. @param shareKeys Y_1 .. Y_n, checked against it.
    event ShareKeysFixed(uint32 indexed generation, uint256[2][] polynomial, uint256[4][] shareKeys);
    /// @notice The generation is to share the key of `source`.
    event GenerationReshares(uint32 indexed generation, uint32 indexed source);
    /// @param leftOut Custodians that the next generation does without, as bits.
    event GenerationGivenUp(uint32 indexed generation, uint32 leftOut);

    error PhaseWrong(uint32 generation, Phase have, Phase needed);
    error StepRepeated(uint32 generation, uint8 index);
    error EncryptionKeyProofInvalid(uint32 generation, uint8 index);
    /// @notice The key is not the one that this custodian registered.
    error EncryptionKeyUnknown(uint32 generation, uint8 index);
    error CommitmentEmpty();
    /// @notice Not what this dealer committed to.
    error DealNotCommitted(uint32 generation, uint8 dealer);
    error DealShapeInvalid(uint256 commitments, uint256 shares);
    error EphemeralProofInvalid(uint32 generation, uint8 dealer);
    /// @notice The words are not the polynomial of the source.
    error PolynomialUnknown(uint32 generation);
    /// @notice A dealer of a resharing deals another secret than its own share.
    error SecretNotShare(uint32 generation, uint8 dealer);
    error DealerNotAccused(uint32 generation, uint8 dealer);
    error ComplaintProofInvalid(uint32 generation, uint8 complainer);
    /// @notice The share was right. The complainer loses nothing, but has shown the share.
    error ComplaintUnfounded(uint32 generation, uint8 dealer, uint8 complainer);
    error ShareKeysInvalid(uint32 generation);
    error KeyChanged(uint32 generation, uint32 source);
    error PhaseLengthOutOfBounds(uint256 have, uint256 minimum, uint256 maximum);

    /// @notice Form a generation with a fresh key. Caller: the timelock. One that is Forming is given up.
    /// @param custodians In index order 1..n, distinct, at most 32. @param threshold 1 .. n.
    function form(address[] calldata custodians, uint8 threshold) external returns (uint32 generation);

    /// @notice Form a generation that shares the key of an Active one anew. Caller: the timelock. One that is Forming is given up.
    /// The old shares stay usable by t of the old custodians, unless they delete them.
    function reshare(uint32 source, address[] calldata custodians, uint8 threshold) external returns (uint32 generation);

    /// @notice Register a fresh encryption key K = k·P1. Caller: a custodian of the generation, once.
    /// @param T, s Schnorr proof of k: s·P1 = T + c·K, c = keccak256(abi.encode(keccak256(
    /// "unwrapped-dao/dkg-encryption-key/v1"), chainId, address(this), generation, index, K, T)) mod r.
    function registerKey(uint32 generation, uint256[2] calldata K, uint256[2] calldata T, uint256 s) external;

    /// @notice Commit to a deal before seeing any. Caller: a dealer, once.
    /// @param commitment keccak256(abi.encode(keccak256("unwrapped-dao/dkg-deal/v1"), chainId, address(this), generation, dealer,
    /// salt, keccak256(words of C), keccak256(words of E, T, s, shares))).
    function commitDeal(uint32 generation, bytes32 commitment) external;

    /// @notice Open the commitment. Caller: the dealer. Every point is checked to be on the curve; the shares only by complaints.
    /// @param polynomial Resharing: A_0 .. of the source, by which C[0] must be the dealer's X_j. Fresh: empty.
    function deal(uint32 generation, bytes32 salt, Deal calldata dealt, uint256[2][] calldata polynomial) external;

    /// @notice Show that a dealer's share for the caller does not fit its commitments. Caller: a receiver.
    /// @param K The caller's encryption key. @param Z k·E.
    /// @param c, s Proof (Chaum, Pedersen 1992) that log_P1 K = log_E Z: c = keccak256(abi.encode(keccak256(
    /// "unwrapped-dao/dkg-complaint/v1"), chainId, address(this), generation, dealer, complainer, E, K, Z, s·P1 − c·K, s·E − c·Z)) mod r.
    function complain(
        uint32 generation,
        uint8 dealer,
        bytes32 salt,
        Deal calldata dealt,
        uint256[2] calldata K,
        uint256[2] calldata Z,
        uint256 c,
        uint256 s
    ) external;

    /// @notice Say that all shares were right, and publish Y_j = x_j·P2. Caller: a receiver, once (once more after an upheld
    /// complaint). An event that readers check; any t right ones give the others and Y by interpolation.
    function publishShareKey(uint32 generation, uint256[4] calldata Y) external;

    /// @notice Activate the generation. Caller: anyone.
    /// @param C Commitments of the dealers that count, in index order, `threshold` each. Fresh: of all dealers; resharing: of
    /// the first t of the source that dealt and were not convicted.
    /// @param openings (salt, keccak256(words of E, T, s, shares)) of the same dealers.
    /// @param Y The key. @param shareKeys Y_1 .. Y_n. Checked against C by one pairing product with hashed weights.
    function finish(
        uint32 generation,
        uint256[2][] calldata C,
        bytes32[2][] calldata openings,
        uint256[4] calldata Y,
        uint256[4][] calldata shareKeys
    ) external;

    /// @notice Give up a Stalled generation and form the next one without who aborted, if they are at least `threshold`, and, for
    /// a resharing, only if it was a receiver that aborted. Caller: anyone.
    /// @return next 0 if none was formed: it takes a vote.
    function restart(uint32 generation) external returns (uint32 next);

    function formation(uint32 generation) external view returns (Formation memory);
    /// @notice Seconds.
    function phaseLength() external view returns (uint32);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title What was contributed and attested
/// @notice Scopes, validators, contributions, pools. Never holds money. Deployment data is immutable; the timelock may
/// register scopes, change the validator set, `attestationsRequired` and `maxWeight` (both for later epochs only),
/// and announce a seal.
///
/// Pool states (`stateOf`):
///
/// | from      | to        | by                                                                                      |
/// |-----------|-----------|-----------------------------------------------------------------------------------------|
/// | None      | Open      | `openEpoch`: anyone, previous epoch of the scope Sealed or none, recent heartbeat of the current generation |
/// | Open      | Announced | `announceSeal`: anyone once minimum age and weight are met; `announceSealByVote`: the timelock |
/// | Announced | Closed    | the clock alone, at `sealsAt`                                                            |
/// | Closed    | Sealed    | `seal`: anyone; also the first write that meets a Closed pool                            |
/// | Closed    | Open      | the same call, if a pool that was not announced by vote fell below the minimum weight    |
///
/// Contributing, replacing and burning work in Open and Announced. From Closed on, members and weights are final, and
/// `withdraw` records an exclusion from all later approvals.
///
/// A contribution is one slot: (scope, fingerprint) => commitment (224 bits) ‖ member number + 1 (32 bits). Whoever
/// replaces or withdraws passes the live `Record` again (it stands in the event) and the contract recomputes the commitment.
interface IContributionRegistry {
    enum PoolState {
        None,
        Open,
        Announced,
        Closed,
        Sealed
    }

    /// @notice One storage slot.
    /// @param index Dense from 1; a short name of the pool for other contracts.
    /// @param generation Committee key generation of every capsule in the pool.
    /// @param members n: member numbers ever assigned when the seal was recorded, at most 2^height; 0 until then.
    /// @param maxWeight Largest weight of one contribution.
    /// @param openedAt Seconds.
    /// @param sealsAt Seconds; 0 while not announced.
    /// @param height H: leaves must be below 2^H.
    /// @param attestations m: validators' signatures needed.
    /// @param votedSeal Announced by vote, so never cancelled.
    /// @param isSealed The seal is recorded.
    struct Pool {
        uint32 index;
        uint32 generation;
        uint32 members;
        uint32 maxWeight;
        uint40 openedAt;
        uint40 sealsAt;
        uint8 height;
        uint8 attestations;
        bool votedSeal;
        bool isSealed;
    }

    /// @notice What a scope is made of; its id hashes all three.
    /// @param schemaDigest keccak256 of the RFC 8785 JSON naming schema, projection and versions.
    /// @param purposes keccak256(utf8 name) each, strictly ascending, at least one.
    /// @param baseTermsDigest keccak256 of the base terms.
    struct ScopeDefinition {
        bytes32 schemaDigest;
        bytes32[] purposes;
        bytes32 baseTermsDigest;
    }

    /// @notice Who contributes where; the first part of what validators sign.
    struct Target {
        address member;
        bytes32 scopeId;
        uint64 epoch;
    }

    /// @notice What is contributed; the second part.
    /// @param version Stored version of (member number, scope, epoch) + 1.
    /// @param content sha2-256 digest of the envelope's CID.
    /// @param weight 1 .. maxWeight of the epoch.
    /// @param fingerprint Exact-duplicate nullifier.
    /// @param report Salted digest of the score report.
    struct Record {
        uint32 version;
        uint32 weight;
        bytes32 content;
        bytes32 fingerprint;
        bytes32 report;
    }

    /// @notice One contribution of a relayed batch; validators sign the hash of all of them.
    struct BatchItem {
        address member;
        Record record;
    }

    /// @notice The member's EIP-712 `Consent` to one item of a batch.
    /// @param expiry Seconds; as it was signed.
    /// @param replaces 0: the member has no live contribution in the pool; else 1 + the position of its live record in the
    /// batch's `lives`.
    /// @param r First half of the signature (64 bytes, EIP-2098, low s). @param vs Second half.
    struct BatchConsent {
        uint64 expiry;
        uint32 replaces;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice Why an item of a batch was not recorded. The others of its batch were.
    enum ContributionSkipReason {
        NotAMember,
        MemberHasLeft,
        NumberNotAscending,
        LeafOutOfRange,
        WeightOutOfRange,
        RecordMismatch,
        VersionWrong,
        FingerprintUsed,
        ConsentExpired,
        ConsentInvalid
    }

    event ScopeRegistered(
        bytes32 indexed scopeId, bytes32 schemaDigest, bytes32[] purposes, bytes32 baseTermsDigest
    );
    event ValidatorAdded(address indexed validator);
    event ValidatorRemoved(address indexed validator);
    event AttestationsRequiredSet(uint8 attestations);
    event MaxWeightSet(uint32 maxWeight);
    event EpochOpened(bytes32 indexed scopeId, uint64 indexed epoch, uint256 indexed poolId, uint32 generation, uint32 index);
    event SealAnnounced(uint256 indexed poolId, uint40 sealsAt, bool voted);
    event SealCancelled(uint256 indexed poolId, uint256 weight, uint256 minimum);
    event PoolSealed(uint256 indexed poolId, uint32 members, uint256 weight);
    event ContributionRecorded(
        uint256 indexed poolId,
        address indexed member,
        uint32 number,
        uint32 version,
        uint32 weight,
        bytes32 content,
        bytes32 fingerprint,
        bytes32 report
    );
    event ContributionSkipped(
        uint256 indexed poolId, address indexed member, uint32 version, ContributionSkipReason reason
    );
    /// @notice Before sealing: burnt, `version` is the tombstone's.
    event ContributionWithdrawn(uint256 indexed poolId, address indexed member, uint32 number, uint32 version);
    /// @notice After sealing: excluded from all later approvals.
    event PoolWithdrawal(uint256 indexed poolId, address indexed member, uint32 number, uint32 ordinal);

    error RegistryCallerRefused(address caller);
    error ScopeUnknown(bytes32 scopeId);
    error ScopeAlreadyRegistered(bytes32 scopeId);
    error ScopePurposesInvalid();
    error ValidatorUnknown(address signer);
    error ValidatorAlreadyAdded(address validator);
    error ValidatorsTooFew(uint256 have, uint256 needed);
    error ValidatorCapReached(address validator, uint256 cap);
    error AttestationsTooFew(uint256 have, uint256 needed);
    error AttestationsTooMany(uint256 have, uint256 needed);
    error AttestationsUnordered(address previous, address next);
    error AttestationExpired(uint64 expiry, uint256 now_);
    error ConsentsMissing(uint256 have, uint256 needed);
    error ConsentExpired(uint64 expiry, uint256 now_);
    error ConsentInvalid(address expected, address recovered);
    error PoolNotOpen(uint256 poolId, PoolState have);
    error PoolStateWrong(uint256 poolId, PoolState have, PoolState needed);
    error PoolTooYoung(uint256 poolId, uint256 announceableAt);
    error PoolTooLight(uint256 poolId, uint256 have, uint256 needed);
    error GenerationUnusable(uint64 generation);
    error LeafOutOfRange(uint32 number, uint8 height);
    error WeightOutOfRange(uint32 weight, uint32 maxWeight);
    error ContributionVersionWrong(uint32 have, uint32 needed);
    error ContributionMissing(uint256 poolId, address member);
    error RecordMismatch(bytes32 fingerprint);
    error FingerprintUsed(bytes32 scopeId, bytes32 fingerprint);
    error AlreadyWithdrawn(uint256 poolId, uint32 number);
    error ParameterOutOfBounds(uint256 have, uint256 minimum, uint256 maximum);

    /// @notice Record a contribution, or replace the live one of the same member, scope and epoch.
    /// Caller: the member (then `consent` is empty), or anyone with the member's EIP-712
    /// `Consent(bytes32 scopeId,uint64 epoch,uint32 version,bytes32 content,uint64 expiry)`.
    /// @param live The live record that is replaced; all zero when the member has none in this pool.
    /// @param expiry Of the attestations, seconds.
    /// @param attestations 64-byte EIP-2098 signatures of
    /// `Contribution(address member,bytes32 scopeId,uint64 epoch,uint32 version,bytes32 content,uint32 weight,bytes32 fingerprint,bytes32 report,uint64 expiry)`,
    /// by distinct current validators, in strictly ascending order of address; exactly m of the pool.
    function contribute(
        Target calldata target,
        Record calldata record,
        Record calldata live,
        uint64 expiry,
        bytes calldata attestations,
        uint64 consentExpiry,
        bytes calldata consent
    ) external;

    /// @notice Record or replace the contributions of many members of one pool. Caller: anyone. A bad item is skipped with an
    /// event and never sinks the others; what does not depend on a member reverts, an invalid validator set included.
    /// Only recorded items count towards the validators' daily caps, so that a repeated batch uses nothing up.
    /// @param items In strictly ascending order of member number; one that is not is skipped.
    /// @param consents One for each item, in the same order.
    /// @param lives Live records that are replaced, in any order; see `BatchConsent.replaces`.
    /// @param expiry Of the attestations, seconds.
    /// @param attestations As for `contribute`, of `Contributions(bytes32 itemsHash,uint64 expiry)`, with
    /// itemsHash = keccak256(abi.encode(scopeId, epoch, items)).
    /// @return recorded How many items were.
    function contributeBatch(
        bytes32 scopeId,
        uint64 epoch,
        BatchItem[] calldata items,
        BatchConsent[] calldata consents,
        Record[] calldata lives,
        uint64 expiry,
        bytes calldata attestations
    ) external returns (uint256 recorded);

    /// @notice Withdraw. Before `sealsAt` it burns; afterwards it excludes from all later approvals and burns nothing. Final.
    /// Caller: the member (empty `consent`), or anyone with the member's EIP-712
    /// `Withdrawal(bytes32 scopeId,uint64 epoch,uint32 version,uint64 expiry)` over the live version.
    function withdraw(
        Target calldata target,
        Record calldata live,
        uint64 consentExpiry,
        bytes calldata consent
    ) external;

    function openEpoch(bytes32 scopeId, uint64 week, uint256[2] calldata heartbeat) external returns (uint256 poolId);
    function announceSeal(bytes32 scopeId, uint64 epoch) external;
    function announceSealByVote(bytes32 scopeId, uint64 epoch) external;
    function seal(bytes32 scopeId, uint64 epoch) external;

    // The timelock's.
    function registerScope(ScopeDefinition calldata definition) external returns (bytes32 scopeId);
    function addValidator(address validator) external;
    function removeValidator(address validator) external;
    function setAttestationsRequired(uint8 attestations) external;
    function setMaxWeight(uint32 maxWeight) external;

    function poolId(bytes32 scopeId, uint64 epoch) external pure returns (uint256);
    function pool(uint256 poolId) external view returns (Pool memory);
    function poolIdOf(uint32 index) external view returns (uint256);
    function poolsEver() external view returns (uint32);
    function stateOf(uint256 poolId) external view returns (PoolState);
    /// @notice The newest epoch of a scope, 0 if none was opened.
    function latestEpoch(bytes32 scopeId) external view returns (uint64);
    function isScope(bytes32 scopeId) external view returns (bool);
    function isPurposeAllowed(bytes32 scopeId, bytes32 purpose) external view returns (bool);
    function isValidator(address account) external view returns (bool);
    function validatorCount() external view returns (uint256);
    function attestationsRequired() external view returns (uint8);
    function maxWeight() external view returns (uint32);
    /// @notice Tombstone version left by the last withdrawal before sealing; 0 if none. The next version is this + 1, or live + 1.
    function withdrawnVersion(uint256 poolId, uint32 number) external view returns (uint32);
    /// @notice Whether a fingerprint is taken in a scope, and by which member number.
    function fingerprintOf(bytes32 scopeId, bytes32 fingerprint) external view returns (bool used, uint32 number);
    /// @notice Withdrawals after sealing.
    function withdrawals(uint256 poolId) external view returns (uint32);
    /// @notice 1, 2, ... in order of withdrawal; 0 for who did not withdraw.
    function withdrawalOrdinal(uint256 poolId, uint32 number) external view returns (uint32);
}

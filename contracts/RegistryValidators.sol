// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IContributionRegistry} from "./interfaces/IContributionRegistry.sol";
import {CompactSignature} from "./libraries/CompactSignature.sol";

/// @title Who may attest, how many must, and how often one may
/// @notice The validator half of the registry, and the terms later epochs are opened with. See IContributionRegistry.
abstract contract RegistryValidators is IContributionRegistry, EIP712 {
    /// @notice One storage slot, lowest field first. The day's count outlives removal, so that adding a validator again gives it no second cap.
    /// @param current Is a validator now.
    /// @param day Days since 1970 of its last attestation.
    /// @param count Its attestations recorded on that day.
    struct Validator {
        bool current;
        uint32 day;
        uint32 count;
    }

    /// @dev So that their count, and m, fit uint8.
    uint256 private constant MOST_VALIDATORS = type(uint8).max;

    /// @notice The only caller of the setters: the collective's vote, after its delay.
    address public immutable timelock;

    /// @notice Contributions one validator may attest in one day (UTC). Bounds the harm of a stolen key until a vote removes it.
    uint32 public immutable dailyCap;

    /// @dev Attesting reads and writes the slot as a whole.
    mapping(address account => Validator) private _validators;

    uint8 private _validatorCount;
    uint8 private _attestationsRequired;
    uint32 private _maxWeight;

    modifier onlyTimelock() {
        if (msg.sender != timelock) revert RegistryCallerRefused(msg.sender);
        _;
    }

    constructor(address timelock_, address[] memory validators, uint8 attestations, uint32 heaviest, uint32 cap)
        EIP712("unwrapped-dao registry", "1")
    {
        _requireWithin(cap, 1, type(uint32).max);
        timelock = timelock_;
        dailyCap = cap;
        for (uint256 i; i < validators.length; ++i) _addValidator(validators[i]);
        _setAttestationsRequired(attestations);
        _setMaxWeight(heaviest);
    }

    // --------------------------------------------------------- the timelock's

    /// @inheritdoc IContributionRegistry
    function addValidator(address validator) external override onlyTimelock {
        _addValidator(validator);
    }

    /// @inheritdoc IContributionRegistry
    /// @dev A pool opened with a larger m than there are validators left takes no contribution; it can still be sealed.
    function removeValidator(address validator) external override onlyTimelock {
        if (!_validators[validator].current) revert ValidatorUnknown(validator);
        uint8 left = _validatorCount - 1;
        if (left < _attestationsRequired) revert ValidatorsTooFew(left, _attestationsRequired);
        _validatorCount = left;
        _validators[validator].current = false;
        emit ValidatorRemoved(validator);
    }

    /// @inheritdoc IContributionRegistry
    function setAttestationsRequired(uint8 attestations) external override onlyTimelock {
        _setAttestationsRequired(attestations);
    }

    /// @inheritdoc IContributionRegistry
    function setMaxWeight(uint32 heaviest) external override onlyTimelock {
        _setMaxWeight(heaviest);
    }

    function _addValidator(address validator) private {
        // A signature that recovers to nobody recovers to zero.
        if (validator == address(0)) revert ValidatorUnknown(validator);
        if (_validators[validator].current) revert ValidatorAlreadyAdded(validator);
        _requireWithin(uint256(_validatorCount) + 1, 1, MOST_VALIDATORS);
        _validatorCount += 1;
        _validators[validator].current = true;
        emit ValidatorAdded(validator);
    }

    function _setAttestationsRequired(uint8 attestations) private {
        _requireWithin(attestations, 1, _validatorCount);
        _attestationsRequired = attestations;
        emit AttestationsRequiredSet(attestations);
    }

    function _setMaxWeight(uint32 heaviest) private {
        _requireWithin(heaviest, 1, type(uint32).max);
        _maxWeight = heaviest;
        emit MaxWeightSet(heaviest);
    }

    // ------------------------------------------------------------ attestation

    /// @dev Reverts unless `attestations` are signatures of `digest` by exactly `needed` current validators in strictly
    /// ascending order, each within its cap today. Counts `contributions` attestations for each.
    function _requireAttested(bytes32 digest, bytes calldata attestations, uint256 needed, uint256 contributions)
        internal
    {
        if (attestations.length != needed * CompactSignature.LENGTH) _refuseLength(attestations.length, needed);
        uint256 today = block.timestamp / 1 days;
        address previous;
        for (uint256 i; i < needed; ++i) {
            address signer = CompactSignature.recoverAt(digest, attestations, i);
            Validator storage slot = _validators[signer];
            uint256 word;
            assembly ("memory-safe") {
                word := sload(slot.slot)
            }
            if (uint8(word) == 0) revert ValidatorUnknown(signer);
            if (signer <= previous) revert AttestationsUnordered(previous, signer);
            previous = signer;

            uint256 count = (uint32(word >> 8) == today ? uint32(word >> 40) : 0) + contributions;
            if (count > dailyCap) revert ValidatorCapReached(signer, dailyCap);
            word = 1 | today << 8 | count << 40;
            assembly ("memory-safe") {
                sstore(slot.slot, word)
            }
        }
    }

    function _refuseLength(uint256 length, uint256 needed) private pure {
        uint256 whole = length / CompactSignature.LENGTH;
        if (whole < needed) revert AttestationsTooFew(whole, needed);
        revert AttestationsTooMany(whole + (length % CompactSignature.LENGTH == 0 ? 0 : 1), needed);
    }

    // ---------------------------------------------------------------- reading

    /// @inheritdoc IContributionRegistry
    function isValidator(address account) external view override returns (bool) {
        return _validators[account].current;
    }

    /// @notice What is stored of an account as validator.
    function validatorOf(address account) external view returns (Validator memory) {
        return _validators[account];
    }

    /// @inheritdoc IContributionRegistry
    function validatorCount() external view override returns (uint256) {
        return _validatorCount;
    }

    /// @inheritdoc IContributionRegistry
    function attestationsRequired() public view override returns (uint8) {
        return _attestationsRequired;
    }

    /// @inheritdoc IContributionRegistry
    function maxWeight() public view override returns (uint32) {
        return _maxWeight;
    }

    function _requireWithin(uint256 have, uint256 minimum, uint256 maximum) internal pure {
        if (have < minimum || have > maximum) revert ParameterOutOfBounds(have, minimum, maximum);
    }
}

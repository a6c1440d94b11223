// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IContributionToken} from "./interfaces/IContributionToken.sol";
import {IDataMarket} from "./interfaces/IDataMarket.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";

/// @title What a splitter may take in, what it holds of each currency, and the one way out
/// @notice The part of the splitter that its other parts stand on: fees and currencies, set by the timelock for later offers.
abstract contract SplitterLedger is IRevenueSplitter {
    /// @dev One slot. Claims are not taken off here: each would pay 5,000 gas for a shared slot (docs/adr/0030).
    struct Currency {
        uint120 ledgerBeforeClaims;
        uint120 treasury;
        bool allowed;
    }

    struct Fees {
        uint16 treasuryBps;
        uint16 operatorsBps;
    }

    uint16 public constant MOST_TREASURY_BPS = 1000;
    uint16 public constant MOST_OPERATORS_BPS = 1000;

    IDataMarket public immutable market;
    address public immutable timelock;
    IMembershipToken public immutable membership;
    IContributionToken public immutable contributionToken;
    IKeyCommittee public immutable committee;

    Fees private _fees;
    mapping(address currency => Currency) internal _currencies;

    modifier only(address caller) {
        if (msg.sender != caller) revert SplitterCallerRefused(msg.sender);
        _;
    }

    constructor(
        address market_,
        address timelock_,
        address membership_,
        address contributionToken_,
        address committee_,
        uint16 treasuryBps,
        uint16 operatorsBps,
        address[] memory currencies
    ) {
        market = IDataMarket(market_);
        timelock = timelock_;
        membership = IMembershipToken(membership_);
        contributionToken = IContributionToken(contributionToken_);
        committee = IKeyCommittee(committee_);
        _setFees(treasuryBps, operatorsBps);
        for (uint256 i = 0; i < currencies.length; ++i) {
            _setCurrency(currencies[i], true);
        }
    }

    // ------------------------------------------------------------------ the timelock's

    /// @inheritdoc IRevenueSplitter
    function setFees(uint16 treasuryBps, uint16 operatorsBps) external only(timelock) {
        _setFees(treasuryBps, operatorsBps);
    }

    /// @inheritdoc IRevenueSplitter
    function setCurrency(address currency, bool allowed) external only(timelock) {
        _setCurrency(currency, allowed);
    }

    function _setFees(uint16 treasuryBps, uint16 operatorsBps) private {
        if (treasuryBps > MOST_TREASURY_BPS) revert FeeTooHigh(treasuryBps, MOST_TREASURY_BPS);
        if (operatorsBps > MOST_OPERATORS_BPS) revert FeeTooHigh(operatorsBps, MOST_OPERATORS_BPS);
        _fees = Fees(treasuryBps, operatorsBps);
        emit FeesSet(treasuryBps, operatorsBps);
    }

    function _setCurrency(address currency, bool allowed) private {
        _currencies[currency].allowed = allowed;
        emit CurrencySet(currency, allowed);
    }

    // ------------------------------------------------------------------ money out

    function _leave(address currency, uint256 amount) internal {
        Currency storage entry = _currencies[currency];
        entry.ledgerBeforeClaims = uint120(entry.ledgerBeforeClaims - amount);
    }

    /// @dev Last in every call. A payout that fails undoes that call and nothing else.
    function _pay(address currency, address to, uint256 amount) internal {
        bool paid = currency == address(0) ? _send(to, amount) : _transfer(currency, to, amount);
        if (!paid) revert PaymentFailed(to, amount);
    }

    /// @dev Ether to a wallet of any kind. Whatever it answers is left where it is: Solidity would copy all of it, at the cost of
    /// whoever pays the gas.
    function _send(address to, uint256 amount) private returns (bool paid) {
        assembly ("memory-safe") {
            paid := call(gas(), to, amount, 0, 0, 0, 0)
        }
    }

    /// @dev OpenZeppelin's `trySafeTransfer` without an allocation: success, and true or no answer from an address with code.
    function _transfer(address token, address to, uint256 amount) private returns (bool paid) {
        bytes4 selector = IERC20.transfer.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 4), to)
            mstore(add(data, 36), amount)
            paid := call(gas(), token, 0, data, 68, 0, 32)
            switch returndatasize()
            case 0 { paid := and(paid, gt(extcodesize(token), 0)) }
            default { paid := and(paid, and(gt(returndatasize(), 31), eq(mload(0), 1))) }
        }
    }

    // ------------------------------------------------------------------ reading

    /// @inheritdoc IRevenueSplitter
    function fees() external view returns (uint16 treasuryBps, uint16 operatorsBps) {
        Fees memory current = _fees;
        return (current.treasuryBps, current.operatorsBps);
    }

    /// @inheritdoc IRevenueSplitter
    function isCurrency(address currency) external view returns (bool) {
        return _currencies[currency].allowed;
    }

    /// @inheritdoc IRevenueSplitter
    function ledgerBeforeClaims(address currency) external view returns (uint256) {
        return _currencies[currency].ledgerBeforeClaims;
    }

    /// @inheritdoc IRevenueSplitter
    function treasuryOf(address currency) external view returns (uint256) {
        return _currencies[currency].treasury;
    }
}

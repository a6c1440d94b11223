// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";
import {SplitterClaims} from "./SplitterClaims.sol";
import {SplitterLedger} from "./SplitterLedger.sol";

/// @title The only contract that holds money
/// @notice Who may do what is fixed at deployment: the market moves escrow, the timelock pays out the treasury and sets fees
/// and currencies for later offers, everybody may trigger a payment to whom it belongs. Its parts: SplitterLedger (currencies,
/// fees, the way out) and SplitterClaims (what members earned).
///
/// Why nothing overflows. A price is below 2^96, so Δ = members·2^64 / eligible weight is below 2^160, and 2^48 sales of one
/// pool fit the 208 bits of an accumulator; their count has 48 bits as well. Weight is below 2^32, so a product is below
/// 2^240 and a member's total below 2^176. A currency's ledger is capped at 2^120 when money comes in, and its treasury is
/// a part of it. Credits and operators' earnings are whole words. `settle` and `refund` can thus not fail on arithmetic.
contract RevenueSplitter is SplitterClaims {
    using SafeERC20 for IERC20;

    /// @dev One slot, non-zero from the offer to its end, then zero again.
    struct Escrow {
        address currency;
        uint96 amount;
    }

    uint256 private constant BPS = 10_000;

    mapping(bytes32 saleId => Escrow) private _escrows;
    mapping(address account => mapping(address currency => uint256)) private _credits;
    mapping(uint32 generation => mapping(address currency => uint256)) private _operatorsEarned;
    mapping(uint32 generation => mapping(address currency => mapping(address operator => uint256))) private _operatorPaid;

    constructor(
        address market_,
        address timelock_,
        address membership_,
        address contributionToken_,
        address committee_,
        uint16 treasuryBps,
        uint16 operatorsBps,
        address[] memory currencies
    )
        SplitterLedger(
            market_,
            timelock_,
            membership_,
            contributionToken_,
            committee_,
            treasuryBps,
            operatorsBps,
            currencies
        )
    {}

    // ------------------------------------------------------------------ escrow: the market's

    /// @inheritdoc IRevenueSplitter
    function escrow(bytes32 saleId, address currency, address payer, uint96 amount) external payable only(address(market)) {
        Currency storage entry = _currencies[currency];
        if (!entry.allowed) revert CurrencyNotAllowed(currency);
        uint256 ledger = entry.ledgerBeforeClaims;
        uint256 received = msg.value;
        if (currency != address(0)) {
            if (received != 0) revert EscrowAmountWrong(received, 0);
            uint256 balance = IERC20(currency).balanceOf(address(this));
            IERC20(currency).safeTransferFrom(payer, address(this), amount);
            // What counts is how much more the balance grew than the ledger: a token that calls back into this contract
            // half-way cannot have one payment counted for two escrows.
            uint256 grown = IERC20(currency).balanceOf(address(this)) + ledger;
            ledger = entry.ledgerBeforeClaims;
            received = grown < balance + ledger ? 0 : grown - balance - ledger;
        }
        if (received != amount || amount == 0) revert EscrowAmountWrong(received, amount);
        if (_escrows[saleId].amount != 0) revert EscrowExists(saleId);
        ledger += amount;
        if (ledger > type(uint120).max) revert LedgerFull(currency);

        entry.ledgerBeforeClaims = uint120(ledger);
        _escrows[saleId] = Escrow(currency, amount);
        emit Escrowed(saleId, currency, amount);
    }

    /// @inheritdoc IRevenueSplitter
    function settle(
        bytes32 saleId,
        uint256 poolId,
        address currency,
        uint64 eligibleWeight,
        uint32 generation,
        uint16 treasuryBps,
        uint16 operatorsBps,
        uint32 list
    ) external only(address(market)) {
        uint256 price = _release(saleId, currency);
        uint256 treasury = (price * treasuryBps) / BPS;
        uint256 operators = (price * operatorsBps) / BPS;
        uint256 members = price - treasury - operators;

        if (treasury != 0) _currencies[currency].treasury += uint120(treasury);
        if (operators != 0) _operatorsEarned[generation][currency] += operators;

        _addRevenue(poolId, currency, members, eligibleWeight, list);
        emit SaleRevenue(saleId, poolId, currency, members, treasury, operators);
    }

    /// @inheritdoc IRevenueSplitter
    function refund(bytes32 saleId, address currency, address buyer) external only(address(market)) {
        uint256 price = _release(saleId, currency);
        _credits[buyer][currency] += price;
        emit Refunded(saleId, buyer, currency, price);
    }

    /// @dev Never both, never twice: whoever ends an escrow first empties its slot.
    function _release(bytes32 saleId, address currency) private returns (uint256 amount) {
        Escrow memory slot = _escrows[saleId];
        amount = slot.amount;
        if (amount == 0 || slot.currency != currency) revert EscrowMissing(saleId);
        delete _escrows[saleId];
    }

    // ------------------------------------------------------------------ credits: buyers', treasury's, operators'

    /// @inheritdoc IRevenueSplitter
    function payCredit(address account, address currency) external returns (uint256 amount) {
        amount = _credits[account][currency];
        if (amount == 0) revert NothingToPay(account, currency);
        delete _credits[account][currency];
        _leave(currency, amount);
        emit CreditPaid(account, currency, amount);
        _pay(currency, account, amount);
    }

    /// @inheritdoc IRevenueSplitter
    function payOperator(uint32 generation, address operator, address currency) external returns (uint256 amount) {
        address[] memory custodians = committee.custodiansOf(generation);
        uint256 index = 0;
        while (index < custodians.length && custodians[index] != operator) ++index;
        if (index == custodians.length) revert OperatorUnknown(generation, operator);

        amount = _operatorDue(generation, operator, currency, custodians.length);
        if (amount == 0) revert NothingToPay(operator, currency);
        _operatorPaid[generation][currency][operator] += amount;
        _leave(currency, amount);
        emit OperatorPaid(generation, operator, currency, amount);
        _pay(currency, operator, amount);
    }

    function _operatorDue(uint32 generation, address operator, address currency, uint256 operators)
        private
        view
        returns (uint256)
    {
        return _operatorsEarned[generation][currency] / operators - _operatorPaid[generation][currency][operator];
    }

    /// @inheritdoc IRevenueSplitter
    function payTreasury(address to, address currency, uint256 amount) external only(timelock) {
        Currency storage entry = _currencies[currency];
        if (amount > entry.treasury) revert TreasuryTooSmall(currency, entry.treasury, amount);
        entry.treasury -= uint120(amount);
        _credits[to][currency] += amount;
        emit TreasuryPaid(to, currency, amount);
    }

    // ------------------------------------------------------------------ reading

    /// @inheritdoc IRevenueSplitter
    function escrowOf(bytes32 saleId) external view returns (uint256) {
        return _escrows[saleId].amount;
    }

    /// @inheritdoc IRevenueSplitter
    function creditOf(address account, address currency) external view returns (uint256) {
        return _credits[account][currency];
    }

    /// @inheritdoc IRevenueSplitter
    function operatorCreditOf(uint32 generation, address operator, address currency) external view returns (uint256) {
        address[] memory custodians = committee.custodiansOf(generation);
        for (uint256 i = 0; i < custodians.length; ++i) {
            if (custodians[i] == operator) return _operatorDue(generation, operator, currency, custodians.length);
        }
        return 0;
    }
}

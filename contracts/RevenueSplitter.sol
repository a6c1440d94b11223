// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IContributionToken} from "./interfaces/IContributionToken.sol";
import {IDataMarket} from "./interfaces/IDataMarket.sol";
import {IKeyCommittee} from "./interfaces/IKeyCommittee.sol";
import {IMembershipToken} from "./interfaces/IMembershipToken.sol";
import {IRevenueSplitter} from "./interfaces/IRevenueSplitter.sol";

/// @title The only contract that holds money
/// @notice Who may do what is fixed at deployment: the market moves escrow, the timelock pays out the treasury and sets fees
/// and currencies for later offers, everybody may trigger a payment to whom it belongs.
///
/// Why nothing overflows. A price is below 2^96, so Δ = members·2^64 / eligible weight is below 2^160, and 2^48 sales of one
/// pool fit the 208 bits of an accumulator; their count has 48 bits as well. Weight is below 2^32, so a product is below
/// 2^240 and a member's total below 2^176. `held` of a currency is capped at 2^120 when money comes in, and treasury is a part
/// of it. Credits and operators' earnings are whole words. `settle` and `refund` can thus not fail on arithmetic.
contract RevenueSplitter is IRevenueSplitter {
    using SafeERC20 for IERC20;

    /// @dev One slot. `held` is the ledger: escrow and every credit.
    struct Currency {
        uint120 held;
        uint120 treasury;
        bool allowed;
    }

    /// @dev One slot, non-zero from the offer to its end, then zero again.
    struct Escrow {
        address currency;
        uint96 amount;
    }

    /// @dev One slot per (pool, currency). `exclusions` counts the settled sales that excluded anybody.
    struct Accumulator {
        uint208 accX64;
        uint48 exclusions;
    }

    /// @dev One slot per (pool, currency, member number). `cursor`: how many of the sales with exclusions are accounted for;
    /// those among them that excluded this member are summed in `_skippedX64`.
    struct Paid {
        uint192 amount;
        uint48 cursor;
    }

    /// @dev Two slots, only for a sale that excluded somebody.
    struct SaleWithExclusions {
        bytes32 saleId;
        uint256 deltaX64;
    }

    /// @dev In memory only: one line of a claim, worked out.
    struct Due {
        bytes32 line;
        uint256 amount;
        uint256 read;
        uint256 sales;
        uint256 skippedX64;
        Paid paid;
    }

    struct Fees {
        uint16 treasuryBps;
        uint16 operatorsBps;
    }

    uint16 public constant MOST_TREASURY_BPS = 1000;
    uint16 public constant MOST_OPERATORS_BPS = 1000;
    uint256 private constant BPS = 10_000;

    IDataMarket public immutable market;
    address public immutable timelock;
    IMembershipToken public immutable membership;
    IContributionToken public immutable contributionToken;
    IKeyCommittee public immutable committee;

    Fees private _fees;
    mapping(address currency => Currency) private _currencies;
    mapping(bytes32 saleId => Escrow) private _escrows;
    mapping(bytes32 line => Accumulator) private _accumulators;
    mapping(bytes32 line => mapping(uint256 index => SaleWithExclusions)) private _sales;
    mapping(bytes32 line => mapping(uint256 number => Paid)) private _paid;
    mapping(bytes32 line => mapping(uint256 number => uint256)) private _skippedX64;
    mapping(address account => mapping(address currency => uint256)) private _credits;
    mapping(uint32 generation => mapping(address currency => uint256)) private _operatorsEarned;
    mapping(uint32 generation => mapping(address currency => mapping(address operator => uint256))) private _operatorPaid;

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

    // ------------------------------------------------------------------ escrow: the market's

    /// @inheritdoc IRevenueSplitter
    function escrow(bytes32 saleId, address currency, address payer, uint96 amount) external payable only(address(market)) {
        Currency storage entry = _currencies[currency];
        if (!entry.allowed) revert CurrencyNotAllowed(currency);
        uint256 held = entry.held;
        uint256 received = msg.value;
        if (currency != address(0)) {
            if (received != 0) revert EscrowAmountWrong(received, 0);
            // What counts is the growth of the balance *beyond the ledger*: a token that calls back into this contract
            // half-way cannot have one payment counted for two escrows.
            uint256 surplus = IERC20(currency).balanceOf(address(this)) - held;
            IERC20(currency).safeTransferFrom(payer, address(this), amount);
            held = entry.held;
            uint256 surplusAfter = IERC20(currency).balanceOf(address(this)) - held;
            received = surplusAfter < surplus ? 0 : surplusAfter - surplus;
        }
        if (received != amount || amount == 0) revert EscrowAmountWrong(received, amount);
        if (_escrows[saleId].amount != 0) revert EscrowExists(saleId);
        held += amount;
        if (held > type(uint120).max) revert EscrowAmountWrong(held, type(uint120).max);

        entry.held = uint120(held);
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
        bool excluded
    ) external only(address(market)) {
        uint256 price = _release(saleId, currency);
        uint256 treasury = (price * treasuryBps) / BPS;
        uint256 operators = (price * operatorsBps) / BPS;
        uint256 members = price - treasury - operators;

        if (treasury != 0) _currencies[currency].treasury += uint120(treasury);
        if (operators != 0) _operatorsEarned[generation][currency] += operators;

        bytes32 line = _line(poolId, currency);
        uint256 deltaX64 = (members << 64) / eligibleWeight;
        Accumulator memory acc = _accumulators[line];
        acc.accX64 += uint208(deltaX64);
        if (excluded) {
            _sales[line][acc.exclusions] = SaleWithExclusions(saleId, deltaX64);
            acc.exclusions += 1;
        }
        _accumulators[line] = acc;
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

    // ------------------------------------------------------------------ claims: the members'

    /// @inheritdoc IRevenueSplitter
    function claim(address member, Line[] calldata lines, uint256 maxSales) external returns (uint256[] memory amounts) {
        (uint32 number, address payout, bool everExcluded) = membership.claimant(member);
        amounts = new uint256[](lines.length);
        bool useful = false;
        for (uint256 i = 0; i < lines.length; ++i) {
            Due memory due = _due(lines[i], number, everExcluded, maxSales);
            if (due.read != 0) {
                maxSales -= due.read;
                emit ClaimAdvanced(member, lines[i].poolId, lines[i].currency, due.paid.cursor, due.sales);
                if (due.skippedX64 != 0) _skippedX64[due.line][number] = due.skippedX64;
                if (due.paid.cursor != due.sales) useful = true;
            }
            if (due.amount != 0) {
                useful = true;
                amounts[i] = due.amount;
                _leave(lines[i].currency, due.amount);
                emit Claimed(member, lines[i].poolId, lines[i].currency, due.amount, payout);
            }
            // One slot holds both, so the cursor of a member who reads nothing is free.
            if (due.read != 0 || due.amount != 0) _paid[due.line][number] = due.paid;
        }
        if (!useful) revert NothingToClaim(member);

        // All effects are done. One transfer for neighbouring lines of the same currency.
        uint256 sum = 0;
        for (uint256 i = 0; i < lines.length; ++i) {
            sum += amounts[i];
            if (sum == 0) continue;
            if (i + 1 < lines.length && lines[i + 1].currency == lines[i].currency) continue;
            _pay(lines[i].currency, payout, sum);
            sum = 0;
        }
    }

    /// @inheritdoc IRevenueSplitter
    function claimable(address member, uint256 poolId, address currency) external view returns (uint256) {
        (uint32 number,, bool everExcluded) = membership.claimant(member);
        return _due(Line(poolId, currency), number, everExcluded, type(uint256).max).amount;
    }

    /// @dev What one line owes a member, and how its slots look afterwards.
    ///
    /// Why a member without the flag needs no list: a sale can only exclude who withdrew or opted out before the sale's
    /// approval, and both set the flag there and then. So every sale settled by now did not exclude this member, and the cursor
    /// may pass all of them; whatever excludes this member later stands behind it. Exclusions of an approved sale never change,
    /// so what the cursor passed stays right.
    function _due(Line memory line, uint256 number, bool everExcluded, uint256 maxSales)
        private
        view
        returns (Due memory due)
    {
        bytes32 key = _line(line.poolId, line.currency);
        Accumulator memory acc = _accumulators[key];
        Paid memory paid = _paid[key][number];
        (due.line, due.paid, due.sales) = (key, paid, acc.exclusions);

        if (everExcluded) {
            due.skippedX64 = _skippedX64[key][number];
            uint256 unread = acc.exclusions - paid.cursor;
            due.read = unread < maxSales ? unread : maxSales;
            for (uint256 i = paid.cursor; i < paid.cursor + due.read; ++i) {
                SaleWithExclusions storage sale = _sales[key][i];
                if (market.isExcluded(sale.saleId, uint32(number))) due.skippedX64 += sale.deltaX64;
            }
            paid.cursor += uint48(due.read);
            // Any of the sales not yet read may have excluded this member: no money before all are.
            if (paid.cursor != acc.exclusions) return due;
        } else {
            paid.cursor = acc.exclusions;
        }
        uint256 weight = contributionToken.weightOf(uint32(number), line.poolId);
        due.amount = ((weight * (acc.accX64 - due.skippedX64)) >> 64) - paid.amount;
        paid.amount += uint192(due.amount);
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

    // ------------------------------------------------------------------ the timelock's

    /// @inheritdoc IRevenueSplitter
    function payTreasury(address to, address currency, uint256 amount) external only(timelock) {
        Currency storage entry = _currencies[currency];
        if (amount > entry.treasury) revert TreasuryTooSmall(currency, entry.treasury, amount);
        entry.treasury -= uint120(amount);
        _credits[to][currency] += amount;
        emit TreasuryPaid(to, currency, amount);
    }

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

    function _leave(address currency, uint256 amount) private {
        Currency storage entry = _currencies[currency];
        entry.held = uint120(entry.held - amount);
    }

    /// @dev Last in every call. A payout that fails undoes that call and nothing else.
    function _pay(address currency, address to, uint256 amount) private {
        bool paid;
        if (currency == address(0)) {
            (paid,) = to.call{value: amount}("");
        } else {
            paid = IERC20(currency).trySafeTransfer(to, amount);
        }
        if (!paid) revert PaymentFailed(to, amount);
    }

    function _line(uint256 poolId, address currency) private pure returns (bytes32) {
        return keccak256(abi.encode(poolId, currency));
    }

    // ------------------------------------------------------------------ views

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
    function escrowOf(bytes32 saleId) external view returns (uint256) {
        return _escrows[saleId].amount;
    }

    /// @inheritdoc IRevenueSplitter
    function ledger(address currency) external view returns (uint256) {
        return _currencies[currency].held;
    }

    /// @inheritdoc IRevenueSplitter
    function treasuryOf(address currency) external view returns (uint256) {
        return _currencies[currency].treasury;
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

    /// @inheritdoc IRevenueSplitter
    function accumulated(uint256 poolId, address currency)
        external
        view
        returns (uint256 accX64, uint256 salesWithExclusions)
    {
        Accumulator memory acc = _accumulators[_line(poolId, currency)];
        return (acc.accX64, acc.exclusions);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title The only contract that holds money
/// @notice Escrow from the offer on, and every credit. An internal ledger; everything leaves by pull. Currency 0 is ETH.
/// Invariant: ledger = all money in − all money out <= the real balance. Plain transfers to this contract change no entry.
/// A claim writes the member's own slot and nothing shared, so ledger = `ledgerBeforeClaims(currency)` − Σ `claimed` over the
/// pools sold in that currency; members' parts are the only entries that claims reduce.
///
/// Revenue of a pool: one accumulator per (pool, currency), scaled by 2^64, rounded down. For a sale Δ = members' part·2^64 / eligible weight.
/// A member's due = weight × (acc − Σ Δ of settled sales that excluded this member) / 2^64 − already paid. O(1) for who was
/// never excluded; resumable otherwise. Dust (rounding) stays here and is at most one base unit per claim and sale.
///
/// Assumptions on an allowed ERC-20 (allowed by vote): 1 (safety) `balanceOf` is true around our own `transferFrom`;
/// 2 (safety) balances do not shrink by themselves; 3 (liveness) `transfer` to a payout address succeeds.
interface IRevenueSplitter {
    /// @notice One thing to claim.
    struct Line {
        uint256 poolId;
        address currency;
    }

    event Escrowed(bytes32 indexed saleId, address indexed currency, uint256 amount);
    event SaleRevenue(
        bytes32 indexed saleId, uint256 indexed poolId, address indexed currency, uint256 members, uint256 treasury, uint256 operators
    );
    event Refunded(bytes32 indexed saleId, address indexed buyer, address indexed currency, uint256 amount);
    event Claimed(address indexed member, uint256 indexed poolId, address indexed currency, uint256 amount, address payout);
    event ClaimAdvanced(address indexed member, uint256 indexed poolId, address indexed currency, uint256 salesRead, uint256 salesTotal);
    event CreditPaid(address indexed account, address indexed currency, uint256 amount);
    event TreasuryPaid(address indexed to, address indexed currency, uint256 amount);
    event OperatorPaid(uint32 indexed generation, address indexed operator, address indexed currency, uint256 amount);
    event FeesSet(uint16 treasuryBps, uint16 operatorsBps);
    event CurrencySet(address indexed currency, bool allowed);

    error SplitterCallerRefused(address caller);
    error CurrencyNotAllowed(address currency);
    error EscrowAmountWrong(uint256 received, uint256 price);
    error EscrowExists(bytes32 saleId);
    error EscrowMissing(bytes32 saleId);
    error NothingToClaim(address member);
    error NothingToPay(address account, address currency);
    error OperatorUnknown(uint32 generation, address account);
    error TreasuryTooSmall(address currency, uint256 have, uint256 needed);
    /// @notice More than 2^120 base units in one currency: no token of this world.
    error LedgerFull(address currency);
    error FeeTooHigh(uint16 bps, uint16 maximum);
    error PaymentFailed(address to, uint256 amount);

    /// @notice Take the price into escrow. Caller: the market.
    function escrow(bytes32 saleId, address currency, address payer, uint96 amount) external payable;

    /// @notice Turn an escrow into credits; bookkeeping only. Caller: the market.
    /// @param list The market's number of the list of excluded members, where claims look (`isListed`); 0: nobody.
    function settle(
        bytes32 saleId,
        uint256 poolId,
        address currency,
        uint64 eligibleWeight,
        uint32 generation,
        uint16 treasuryBps,
        uint16 operatorsBps,
        uint32 list
    ) external;

    /// @notice Turn an escrow back into its buyer's credit. Caller: the market.
    function refund(bytes32 saleId, address currency, address buyer) external;

    /// @notice Pay a member what the named pools and currencies owe it, to its payout address. Caller: anyone.
    /// Reverts if it pays nothing, unless it read sales and leaves some to be read.
    /// @param maxSales How many sales with exclusions may be read for this member in this call; what is not finished is kept and goes on next time.
    function claim(address member, Line[] calldata lines, uint256 maxSales) external returns (uint256[] memory amounts);

    /// @notice Pull a refund or a treasury payment credited to `account`. Caller: anyone; the money goes to `account`.
    function payCredit(address account, address currency) external returns (uint256 amount);

    /// @notice Pull an operator's equal part. Caller: anyone; the money goes to the operator.
    function payOperator(uint32 generation, address operator, address currency) external returns (uint256 amount);

    // The timelock's.
    /// @notice Credit treasury money to an account, which then pulls it.
    function payTreasury(address to, address currency, uint256 amount) external;
    /// @notice For later offers only; each at most its cap in code.
    function setFees(uint16 treasuryBps, uint16 operatorsBps) external;
    /// @notice For later offers only.
    function setCurrency(address currency, bool allowed) external;

    function fees() external view returns (uint16 treasuryBps, uint16 operatorsBps);
    function isCurrency(address currency) external view returns (bool);
    function escrowOf(bytes32 saleId) external view returns (uint256);
    /// @notice All money in − all money out other than claims.
    function ledgerBeforeClaims(address currency) external view returns (uint256);
    /// @notice What the members numbered `from` to `to` − 1 claimed of a line so far.
    function claimed(uint256 poolId, address currency, uint32 from, uint32 to) external view returns (uint256);
    function treasuryOf(address currency) external view returns (uint256);
    function creditOf(address account, address currency) external view returns (uint256);
    function operatorCreditOf(uint32 generation, address operator, address currency) external view returns (uint256);
    /// @notice What a claim would pay now, with unlimited steps.
    function claimable(address member, uint256 poolId, address currency) external view returns (uint256);
    function accumulated(uint256 poolId, address currency) external view returns (uint256 accX64, uint256 salesWithExclusions);
}

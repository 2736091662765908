using FaaS.Domain;
using FaaS.Domain.Access;
using FluentValidation;

namespace FaaS.Application.Db;

/// <summary>Rules for what goes into the audit log, so that no entry is larger than it should be.</summary>
internal static class AuditRules
{
    public static readonly string ActionMessage = $"The actions are {string.Join(", ", AuditActions.All)}.";

    public static void Origin<T>(this IRuleBuilder<T, Origin?> rule) => rule.ChildRules(origin =>
    {
        origin.RuleFor(row => row!.Id).NotEmpty().WithMessage("The id of the action is missing.");
        origin.RuleFor(row => row!.Key).Must(key => key is null || ApiKey.IsId(key))
            .WithMessage("The id of the key is malformed.");
        origin.RuleFor(row => row!.KeyUser).Must(user => user is null || Names.IsUser(user))
            .WithErrorCode(nameof(ErrorCode.InvalidName)).WithMessage($"The user's name must match {Names.UserPattern}.");
        origin.RuleFor(row => row!)
            .Must(row => row.Actor.Length <= AuditLimits.WordCharsMax
                && (row.Address?.Length ?? 0) <= AuditLimits.AddressCharsMax
                && (row.Request?.Length ?? 0) <= AuditLimits.RequestCharsMax)
            .WithErrorCode(nameof(ErrorCode.TooLarge))
            .WithMessage(
                $"An actor has at most {AuditLimits.WordCharsMax} characters, an address {AuditLimits.AddressCharsMax}, "
                + $"a request's id {AuditLimits.RequestCharsMax}.");
    });
}

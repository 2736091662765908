using FaaS.Domain;
using FaaS.Domain.Access;
using FluentValidation;

namespace FaaS.Application.Db;

/// <summary>Rules for keys that are to be stored.</summary>
internal static class KeyRules
{
    public static void NewKey<T>(this IRuleBuilder<T, NewKey?> rule) => rule.ChildRules(key =>
    {
        key.RuleFor(row => row!.Id).Must(ApiKey.IsId).WithMessage("The id of the key is malformed.");
        key.RuleFor(row => row!.Hash).Must(hash => hash?.Length == ApiKey.HashBytes)
            .WithMessage($"The hash of the key must be {ApiKey.HashBytes} bytes.");
        key.RuleFor(row => row!.Name).Must(name => name.Length is > 0 and <= KeyLimits.NameCharsMax)
            .WithMessage($"The name of the key must have 1 to {KeyLimits.NameCharsMax} characters.");
        key.RuleFor(row => row!.Scopes).Must(scopes => scopes != Scopes.None && (scopes & ~ScopeWords.Every) == 0)
            .WithMessage($"The key needs at least one scope of these: {ScopeWords.List}.");
        key.RuleFor(row => row!.Function).Must(name => name is null || Names.IsFunction(name))
            .WithErrorCode(nameof(ErrorCode.InvalidName))
            .WithMessage($"The function's name must match {Names.FunctionPattern}.");
        key.RuleFor(row => row!.ExpiresAtMs).GreaterThanOrEqualTo(0)
            .WithMessage("The key must end after 1970, or be without an end.");
    });

    public static void KeyId<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(ApiKey.IsId).WithErrorCode(nameof(ErrorCode.InvalidName))
            .WithMessage($"A key's id is {ApiKey.IdLength} digits and lower-case letters without i, l, o and u.");
}

using FaaS.Domain;
using FluentValidation;

namespace FaaS.Application.Messaging;

/// <summary>Rules for the names users choose, with the pattern in the message.</summary>
internal static class NameRules
{
    public static IRuleBuilderOptions<T, string> UserName<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(Names.IsUser).WithErrorCode(nameof(ErrorCode.InvalidName))
            .WithMessage($"The user's name must match {Names.UserPattern}.");

    public static IRuleBuilderOptions<T, string> FunctionName<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(Names.IsFunction).WithErrorCode(nameof(ErrorCode.InvalidName))
            .WithMessage($"The function's name must match {Names.FunctionPattern}.");
}

using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Makes a source the current version of a function. The source was checked in a sandbox before.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="Source">UTF-8 bytes, up to 256 KiB by default.</param>
public sealed record RegisterFunction(string User, string Function, byte[] Source)
    : IRequest<Result<RegisteredFunction>>;

/// <summary>A function's current version.</summary>
/// <param name="Version">Its number, from 1.</param>
public sealed record RegisteredFunction(int Version);

internal sealed class RegisterFunctionValidator : AbstractValidator<RegisterFunction>
{
    public RegisterFunctionValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
        RuleFor(request => request.Source).NotEmpty()
            .WithErrorCode(nameof(ErrorCode.InvalidSource)).WithMessage("The source is empty; send a function.");
    }
}

internal sealed class RegisterFunctionHandler(
    IFunctionStore functions, IQuotaStore quotas, TermsBook book, TimeProvider time)
    : IRequestHandler<RegisterFunction, Result<RegisteredFunction>>
{
    public async Task<Result<RegisteredFunction>> Handle(
        RegisterFunction request, CancellationToken cancellationToken)
    {
        var own = await quotas.FindAsync(request.User, cancellationToken).ConfigureAwait(false);
        if (!own.IsOk) return own.Error;
        var bounds = FunctionBounds.Of(own.Value.Overrides.Over(book.Defaults));
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var version = await functions
            .RegisterAsync(request.User, request.Function, request.Source, nowMs, bounds, cancellationToken)
            .ConfigureAwait(false);
        return version.IsOk ? new RegisteredFunction(version.Value) : version.Error;
    }
}

using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Messaging;

/// <summary>
/// Checks a request before its handler sees it: the one place where FluentValidation runs. A rule's
/// <c>WithErrorCode</c> names an <see cref="ErrorCode"/>; without one the error is a bad request.
/// </summary>
internal sealed class ValidationBehaviour<TRequest, TResponse>(IEnumerable<IValidator<TRequest>> validators)
    : IPipelineBehavior<TRequest, Result<TResponse>>
    where TRequest : IRequest<Result<TResponse>>
{
    private readonly IValidator<TRequest>[] _validators = [.. validators];

    public Task<Result<TResponse>> Handle(
        TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<Result<TResponse>> next)
    {
        foreach (var validator in _validators)
        {
            var verdict = validator.Validate(request);
            if (verdict.IsValid) continue;
            var failure = verdict.Errors[0];
            var code = Enum.TryParse<ErrorCode>(failure.ErrorCode, out var named) ? named : ErrorCode.BadRequest;
            return Task.FromResult<Result<TResponse>>(new Error(code, failure.ErrorMessage));
        }
        return next();
    }
}

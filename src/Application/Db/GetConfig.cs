using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Db;

/// <summary>What is configured for a function; of its secrets, the names.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
public sealed record GetConfig(string User, string Function) : IRequest<Result<ConfigState>>;

internal sealed class GetConfigValidator : AbstractValidator<GetConfig>
{
    public GetConfigValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
    }
}

internal sealed class GetConfigHandler(IConfigStore configs, IOptions<FunctionOptions> options)
    : IRequestHandler<GetConfig, Result<ConfigState>>
{
    public async Task<Result<ConfigState>> Handle(GetConfig request, CancellationToken cancellationToken)
    {
        var config = await configs.FindAsync(request.User, request.Function, cancellationToken).ConfigureAwait(false);
        return config.IsOk ? ConfigState.Of(config.Value, options.Value.ToLimits()) : config.Error;
    }
}

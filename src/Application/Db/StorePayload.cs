using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Stores a body that is too large to pass the queue, before the message that refers to it.</summary>
/// <param name="Id">The payload's id, made by the sender; repeating it changes nothing.</param>
/// <param name="Bytes">The body.</param>
public sealed record StorePayload(Guid Id, byte[] Bytes) : IRequest<Result<StoredPayload>>;

/// <summary>A payload that is durable.</summary>
/// <param name="Id">Its id.</param>
public sealed record StoredPayload(Guid Id);

internal sealed class StorePayloadValidator : AbstractValidator<StorePayload>
{
    /// <summary>The largest body that, in base64 and with room for the rest, stays within the transport's 2 MiB.</summary>
    internal const int MaxBytes = (2 * 1024 * 1024 / 4 * 3) - 4096;

    public StorePayloadValidator() => RuleFor(request => request.Bytes.Length).InclusiveBetween(1, MaxBytes)
        .WithErrorCode(nameof(ErrorCode.TooLarge)).WithMessage($"A payload has 1 to {MaxBytes} bytes.");
}

internal sealed class StorePayloadHandler(IJobStore jobs, TimeProvider time)
    : IRequestHandler<StorePayload, Result<StoredPayload>>
{
    public async Task<Result<StoredPayload>> Handle(StorePayload request, CancellationToken cancellationToken)
    {
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var stored = await jobs.StorePayloadAsync(request.Id, request.Bytes, nowMs, cancellationToken)
            .ConfigureAwait(false);
        return stored.IsOk ? new StoredPayload(request.Id) : stored.Error;
    }
}

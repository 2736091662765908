using FaaS.Domain;
using FaaS.Domain.Functions;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>A source by its hash. Sources are immutable, so the answer may be kept.</summary>
/// <param name="Hash">The source's identity.</param>
public sealed record ReadSource(SourceHash Hash) : IRequest<Result<SourceText>>;

/// <summary>A source.</summary>
/// <param name="Bytes">UTF-8, as registered.</param>
public sealed record SourceText(byte[] Bytes);

internal sealed class ReadSourceHandler(IFunctionStore functions) : IRequestHandler<ReadSource, Result<SourceText>>
{
    public async Task<Result<SourceText>> Handle(ReadSource request, CancellationToken cancellationToken)
    {
        var source = await functions.ReadSourceAsync(request.Hash, cancellationToken).ConfigureAwait(false);
        return source.IsOk ? new SourceText(source.Value) : source.Error;
    }
}

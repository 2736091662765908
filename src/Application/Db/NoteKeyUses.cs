using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Notes when keys were last used. Repeating it is safe.</summary>
/// <param name="Uses">1 to 1,000 uses, of each key the last one.</param>
public sealed record NoteKeyUses(IReadOnlyList<KeyUse> Uses) : IRequest<Result<NotedKeyUses>>;

/// <summary>They are noted.</summary>
/// <param name="Count">How many were told.</param>
public sealed record NotedKeyUses(int Count);

internal sealed class NoteKeyUsesValidator : AbstractValidator<NoteKeyUses>
{
    public NoteKeyUsesValidator()
    {
        RuleFor(request => request.Uses.Count).InclusiveBetween(1, KeyLimits.UsesMax)
            .WithMessage($"Note 1 to {KeyLimits.UsesMax} uses at a time.");
        RuleForEach(request => request.Uses).ChildRules(use => use.RuleFor(row => row.Id).KeyId());
    }
}

internal sealed class NoteKeyUsesHandler(IKeyStore keys) : IRequestHandler<NoteKeyUses, Result<NotedKeyUses>>
{
    public async Task<Result<NotedKeyUses>> Handle(NoteKeyUses request, CancellationToken cancellationToken)
    {
        var noted = await keys.NoteUsesAsync(request.Uses, cancellationToken).ConfigureAwait(false);
        return noted.IsOk ? new NotedKeyUses(request.Uses.Count) : noted.Error;
    }
}

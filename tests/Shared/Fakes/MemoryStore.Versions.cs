using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;

namespace FaaS.Tests.Shared.Fakes;

/// <content>Versions of functions. It keeps the current one of each.</content>
public sealed partial class MemoryStore : IVersionStore
{
    Task<Result<VersionPage>> IVersionStore.ListAsync(
        string user, string function, int before, int max, CancellationToken cancellation) =>
        AnswerAsync<VersionPage>(() =>
        {
            var found = Find(user, function);
            return found.IsOk ? new VersionPage([Version(found.Value)], false) : found.Error;
        });

    Task<Result<VersionSource>> IVersionStore.FindAsync(string user, string function, int number, CancellationToken cancellation) =>
        AnswerAsync<VersionSource>(() =>
        {
            var found = Find(user, function);
            if (!found.IsOk) return found.Error;
            return found.Value.Version == number
                ? new VersionSource(Version(found.Value), found.Value.Source)
                : StoreErrors.NoVersion(user, function);
        });

    public Task<Result<bool>> RollbackAsync(
        string user, string function, int number, FunctionBounds bounds, AuditNote note, CancellationToken cancellation) =>
        AuditAsync<bool>(note, () =>
        {
            var found = Find(user, function);
            if (!found.IsOk) return found.Error;
            return found.Value.Version == number ? new Audited<bool>(false, false) : StoreErrors.NoVersion(user, function);
        });

    private static FunctionVersion Version(StoredFunction function) =>
        new(function.Version, function.Hash, function.Source.LongLength, 0, IsCurrent: true);
}

using FaaS.Tests.Shared.Stores;

namespace FaaS.Infrastructure.Tests.Sqlite;

public sealed class SqliteSubmissionTests : SubmissionContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteEndTests : EndContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteReadTests : ReadContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteRetentionTests : RetentionContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteUserTests : UserContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteFunctionTests : FunctionContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteDecisionTests : DecisionContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteKeyTests : KeyContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteQuotaTests : QuotaContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteConfigTests : ConfigContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteScheduleTests : ScheduleContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteIdempotencyTests : IdempotencyContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteVersionTests : VersionContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteAuditTests : AuditContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

public sealed class SqliteUsageTests : UsageContract
{
    protected override Task<OpenStores> OpenAsync() => Task.FromResult<OpenStores>(new SqliteStores());
}

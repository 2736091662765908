using FaaS.Tests.Shared.Stores;

namespace FaaS.Infrastructure.Tests.Mongo;

[Trait("needs", "mongo")]
public sealed class MongoSubmissionTests : SubmissionContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoEndTests : EndContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoReadTests : ReadContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoRetentionTests : RetentionContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoUserTests : UserContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoFunctionTests : FunctionContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoDecisionTests : DecisionContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoKeyTests : KeyContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoQuotaTests : QuotaContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoConfigTests : ConfigContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoScheduleTests : ScheduleContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoIdempotencyTests : IdempotencyContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoVersionTests : VersionContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoAuditTests : AuditContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

[Trait("needs", "mongo")]
public sealed class MongoUsageTests : UsageContract
{
    protected override async Task<OpenStores> OpenAsync() => await MongoStores.OpenAsync();
}

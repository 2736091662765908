using System.Text;
using FaaS.Application.Db;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FaaS.Deploy.Tests;

/// <summary>The backup of the embedded store, taken while the store works, and put in its place.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("faas-backup-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Backup_OfAStoreAtWork_HoldsWhatWasAcknowledged_AndIsServedFrom()
    {
        if (!await Node.IsThereAsync("sqlite3", "--version")) Assert.Skip("sqlite3 is not on the PATH");
        var (file, copy) = (Path.Combine(_folder, "faas.db"), Path.Combine(_folder, "backup.db"));
        var id = new JobId(1, 2);
        await using (var services = Open(file))
        {
            (await services.GetRequiredService<IUserStore>().RegisterAsync("ada", 1, default)).IsOk.Should().BeTrue();
            (await services.GetRequiredService<IFunctionStore>()
                .RegisterAsync("ada", "add", Encoding.UTF8.GetBytes("(a, b) => a + b"), 1, FunctionBounds.None, default)).IsOk.Should().BeTrue();
            var jobs = services.GetRequiredService<IJobStore>();
            var epoch = (await jobs.TakeEpochAsync(default)).Value;
            (await jobs.CommitAsync(new JobCommit(
                epoch.Number, [new NewJob(epoch.LastSequence + 1, new JobSubmission(id, "ada", "add", Body.Of("[4,7]"u8.ToArray()), 1))],
                [], [], []), default)).IsOk.Should().BeTrue();
            // What was acknowledged last is in the log, where a copy of the file would miss it.
            new FileInfo(file + "-wal").Length.Should().BePositive();

            (await BackUpAsync(file, copy)).Code.Should().Be(0);

            (await services.GetRequiredService<IUserStore>().RegisterAsync("later", 1, default)).IsOk.Should().BeTrue("it goes on");
        }
        var restored = Path.Combine(_folder, "restored.db");
        File.Move(copy, restored);

        await using var again = Open(restored);
        var source = await again.GetRequiredService<IUserStore>().SumWallTimeAsync("ada", default);
        var later = await again.GetRequiredService<IUserStore>().SumWallTimeAsync("later", default);
        var next = await again.GetRequiredService<IJobStore>().TakeEpochAsync(default);

        source.IsOk.Should().BeTrue();
        later.IsOk.Should().BeFalse("it came after the backup");
        next.Value.LastSequence.Should().Be(1);
        next.Value.Number.Should().Be(2);
    }

    [Fact]
    public async Task Backup_WhenItCannotBe_SaysSo_AndLeavesNothing()
    {
        if (!await Node.IsThereAsync("sqlite3", "--version")) Assert.Skip("sqlite3 is not on the PATH");
        var (broken, copy) = (Path.Combine(_folder, "broken.db"), Path.Combine(_folder, "backup.db"));
        await File.WriteAllTextAsync(broken, new string('x', 8192));

        (await BackUpAsync(broken, copy)).Code.Should().NotBe(0);
        (await BackUpAsync(Path.Combine(_folder, "none.db"), copy)).Error.Should().Contain("There is no");
        (await BackUpAsync(broken, broken)).Error.Should().Contain("exists already");

        File.Exists(copy).Should().BeFalse();
    }

    private Task<Node.Answer> BackUpAsync(string from, string to) =>
        Node.RunAsync(_folder, Path.Combine(Repository.Root, "deploy", "backup-sqlite"), [from, to]);

    private static ServiceProvider Open(string file)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(TimeProvider.System);
        services.AddSqlite($"sqlite:{file}");
        return services.BuildServiceProvider();
    }
}

using Microsoft.Data.Sqlite;

namespace FaaS.Hosts.Tests.Deployments;

/// <summary>What a stopped platform's store says, read past the platform.</summary>
public static class LedgerCheck
{
    /// <summary>Everything ended, everything acknowledged is there, and each ended attempt is billed once.</summary>
    public static void Check(IDeployment platform, IEnumerable<string> acknowledged, long timeMs)
    {
        using var database = Open(platform);
        Read(database, "SELECT count(*) FROM jobs WHERE ended_ms = 0").Should().Be(0, "the backlog drained");
        // The ledger's key is (owner, job, attempt). Attempts whose worker was lost have an end and no bill.
        Read(database, "SELECT count(*) FROM ledger").Should().Be(Read(database, "SELECT sum(ended_attempts - losses) FROM jobs"));
        (Read(database, "SELECT sum(wall_us) FROM ledger") / 1000).Should().Be(timeMs);
        acknowledged.Except(Texts(database, "SELECT lower(hex(id)) FROM jobs")).Should().BeEmpty("nothing acknowledged is lost");
    }

    /// <summary>The single argument of each stored job.</summary>
    public static IReadOnlyList<int> Arguments(IDeployment platform)
    {
        using var database = Open(platform);
        return [.. Texts(database, "SELECT CAST(arguments AS TEXT) FROM bodies")
            .Select(text => int.Parse(text.Trim('[', ']'), System.Globalization.CultureInfo.InvariantCulture))];
    }

    /// <summary>Attempts over all jobs whose worker was lost.</summary>
    public static long Losses(IDeployment platform)
    {
        using var database = Open(platform);
        return Read(database, "SELECT sum(losses) FROM jobs");
    }

    /// <summary>Changes what is stored, as nothing but time does.</summary>
    public static void Write(IDeployment platform, string sql)
    {
        using var database = Open(platform, SqliteOpenMode.ReadWrite);
        using var command = database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery().Should().BeGreaterThan(0);
    }

    private static SqliteConnection Open(IDeployment platform, SqliteOpenMode mode = SqliteOpenMode.ReadOnly)
    {
        var database = new SqliteConnection($"Data Source={platform.DataFolder}/faas.db;Mode={mode};Pooling=False");
        database.Open();
        return database;
    }

    private static long Read(SqliteConnection database, string sql)
    {
        using var command = database.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static List<string> Texts(SqliteConnection database, string sql)
    {
        using var command = database.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var texts = new List<string>();
        while (reader.Read()) texts.Add(reader.GetString(0));
        return texts;
    }
}

using System.ComponentModel.DataAnnotations;
using FaaS.Application.Messaging;
using FaaS.Infrastructure.Mongo;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Infrastructure.Tests.Mongo;

/// <summary>Settings that cannot work are refused with the setting's name.</summary>
public sealed class OptionsTests
{
    [Theory]
    [InlineData("")]
    [InlineData("sqlite:faas.db")]
    [InlineData("mongodb://")]
    [InlineData("http://user:secret@host")]
    public void AddMongo_WhenTheUrlIsNotMongos_NamesTheSettingAndNotTheSecret(string url)
    {
        var add = () => new ServiceCollection().AddMongo(url);

        add.Should().Throw<CompositionException>().Which.Message.Should().Contain("DB_URL").And.NotContain("secret");
    }

    [Fact]
    public void Validate_WhenNothingIsSet_IsValid() =>
        Check(new MongoOptions { Url = "mongodb://db" }).Should().BeEmpty();

    [Fact]
    public void Validate_WhenAWriteMayTakeLongerThanItsSocket_NamesBoth() =>
        Check(new MongoOptions { Url = "mongodb://db", WriteTimeout = TimeSpan.FromSeconds(20) })
            .Should().ContainSingle().Which.Should().Contain("Mongo:WriteTimeout").And.Contain("Mongo:SocketTimeout");

    [Fact]
    public void Validate_WhenTheLeaseIsRenewedTooRarely_NamesBoth() =>
        Check(new MongoOptions { Url = "mongodb://db", RenewInterval = TimeSpan.FromSeconds(2) })
            .Should().ContainSingle().Which.Should().Contain("Mongo:RenewInterval").And.Contain("Mongo:OwnerLease");

    private static IEnumerable<string> Check(MongoOptions options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return results.Select(result => result.ErrorMessage!);
    }
}

using FaaS.Application.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Db;

/// <summary>The module that answers for the store. Active where a store's adapter is registered, and only there.</summary>
public sealed class DbModule : IModule
{
    /// <inheritdoc/>
    public static RequestContract Contract => DbContract.Contract;

    /// <inheritdoc/>
    public static void AddTo(IServiceCollection services)
    {
        services.AddModuleParts(typeof(DbModule));
        services.AddOptions<DbOptions>().BindConfiguration(DbOptions.SectionName)
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<FunctionOptions>().BindConfiguration(FunctionOptions.SectionName)
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<QuotaOptions>().BindConfiguration(QuotaOptions.SectionName).ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddOptions<SecretOptions>().BindConfiguration(SecretOptions.SectionName).ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<SecretOptions>>().Value.ToKeys());
        services.AddSingleton<TermsBook>();
        services.AddSingleton<ActionRates>();
        services.AddSingleton<LeaseSeals>();
        services.AddHostedService<RetentionLoop>();
        services.AddHostedService<SecretSweep>();
    }
}

// EM of Armadillo:  armadillo PROBLEM
#include <armadillo>

#include "problem.hpp"

using Version = arma::arma_version;
const std::string version =
    std::to_string(Version::major) + "." + std::to_string(Version::minor) + "." + std::to_string(Version::patch);

template <class Model, class Covariances>
int run(const Problem& given, const Covariances& covariances, const Covariances& (*of)(const Model&)) {
  const arma::mat X(given.X.data(), given.d, given.n), means(given.means.data(), given.d, given.k);
  const arma::rowvec weights(given.weights.data(), given.k);
  return serve(version, [&](int steps) {
    Model model;
    model.set_params(means, covariances, weights);
    const double seconds = timed([&] {
      model.learn(X, given.k, arma::eucl_dist, arma::keep_existing, 0, steps, 0.0, false);
    });
    tell(&seconds, 1);
    tell(model.hefts.memptr(), given.k);
    tell(model.means.memptr(), given.means.size());
    tell(of(model).memptr(), given.covariances.size());
  });
}

int main(int, char** arguments) {
  const Problem given(arguments[1]);
  using Full = arma::gmm_full;
  using Diagonal = arma::gmm_diag;
  if (given.diagonal) {
    const arma::mat variances(given.covariances.data(), given.d, given.k);
    return run<Diagonal, arma::mat>(given, variances, [](const Diagonal& m) -> const arma::mat& { return m.dcovs; });
  }
  const arma::cube matrices(given.covariances.data(), given.d, given.d, given.k);
  return run<Full, arma::cube>(given, matrices, [](const Full& m) -> const arma::cube& { return m.fcovs; });
}

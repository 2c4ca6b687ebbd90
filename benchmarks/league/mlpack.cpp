// EM of mlpack (full covariances; those of its DiagonalGMM are Armadillo's):  mlpack PROBLEM
#define MLPACK_CORE_HPT_HPT_HPP  // leaves out its tuning of hyperparameters, which needs ensmallen
#include <mlpack/methods/gmm.hpp>

#include "problem.hpp"

int main(int, char** arguments) {
  const Problem given(arguments[1]);
  const arma::mat X(given.X.data(), given.d, given.n);
  return serve(mlpack::util::GetVersion().substr(7), [&](int steps) {
    mlpack::GMM model(given.k, given.d);
    for (int k = 0; k < given.k; ++k) {
      const arma::vec mean(given.means.data() + k * given.d, given.d);
      const arma::mat covariance(given.covariances.data() + k * given.d * given.d, given.d, given.d);
      model.Component(k) = mlpack::GaussianDistribution<>(mean, covariance);
      model.Weights()(k) = given.weights[k];
    }
    const double seconds = timed([&] {
      model.Train(X, 1, true, mlpack::EMFit<>(steps + 1, -1.0));  // it counts from 1; no change is below its tolerance
    });
    tell(&seconds, 1);
    tell(model.Weights().memptr(), given.k);
    for (int k = 0; k < given.k; ++k) tell(model.Component(k).Mean().memptr(), given.d);
    for (int k = 0; k < given.k; ++k) tell(model.Component(k).Covariance().memptr(), given.d * given.d);
  });
}

// What the programs in C++ share: the problem, and the protocol of libraries.py.
#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

struct Problem {
  std::int32_t n, d, k, diagonal;
  std::vector<double> X, weights, means, covariances;  // a sample, a mean or a matrix after the other

  explicit Problem(const char* name) {
    std::ifstream file(name, std::ios::binary);
    for (auto* each : {&n, &d, &k, &diagonal}) file.read(reinterpret_cast<char*>(each), sizeof *each);
    X.resize(std::size_t(n) * d);
    weights.resize(k);
    means.resize(std::size_t(k) * d);
    covariances.resize(std::size_t(k) * d * (diagonal ? 1 : d));
    for (auto* each : {&X, &weights, &means, &covariances})
      file.read(reinterpret_cast<char*>(each->data()), each->size() * sizeof(double));
    if (!file) {
      std::fprintf(stderr, "%s cannot be read\n", name);
      std::exit(1);
    }
  }
};

// Seconds that a function takes.
template <class Function>
double timed(Function function) {
  const auto begin = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

inline void tell(const double* numbers, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) std::printf("%.17g ", numbers[i]);
}

// Read numbers of steps; `run` takes them, prints its seconds and parameters by `tell`.
template <class Run>
int serve(const std::string& version, Run run) {
  std::printf("%s\n", version.c_str());
  std::fflush(stdout);
  for (int steps; std::cin >> steps;) {
    run(steps);
    std::printf("\n");
    std::fflush(stdout);
  }
  return 0;
}

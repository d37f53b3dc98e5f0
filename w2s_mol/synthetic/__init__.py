"""The synthetic experiments of Charikar et al. 2024, sections 5.1 and 5.3 and appendix C."""
